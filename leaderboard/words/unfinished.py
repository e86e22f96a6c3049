"""One sentence about the runs that a page does not show yet."""

from __future__ import annotations

from benchmark.records.unfinished import Unfinished

MOST_NAMES = 12  # of methods; more are counted


def unfinished_words(so_far: Unfinished | None) -> str:
    """Say what was still to come when the page was written; empty if it shows all runs.

    It speaks of the past: it stays true if the runs are stopped and nobody writes the page again.
    """
    if so_far is None:
        return ""
    failed = f" and {so_far.failed} had failed" if so_far.failed else ""
    were = "was" if so_far.done == 1 else "were"
    return (
        f"When this page was written, {so_far.done} of {so_far.total} runs {were} done{failed}; "
        f"still to come were {_to_come(so_far)}."
    )


def _to_come(so_far: Unfinished) -> str:
    rows = f"{so_far.more_seeds} rows" if so_far.more_seeds > 1 else "one row"
    parts = [f"more seeds of {rows}"] if so_far.more_seeds else []
    names = list(so_far.to_come)
    if len(names) > MOST_NAMES:
        names = [*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"]
    parts += [_listed(names)] if names else []
    return ", and ".join(parts)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
