"""What a board has found, in two or three sentences: what a visitor takes home."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.catalogue import METRICS
from leaderboard.rank.standings import HEADLINE, REFERENCE, Standing
from leaderboard.tables.columns import cell_words, percent_points

MOST_NAMES = 6  # a longer list is counted, the table has the names


def finding(standings: Sequence[Standing]) -> str:
    """Say whom plain training fails and which methods are better or worse than it.

    Empty where plain training is not on the board: then there is nothing to measure from.
    """
    plain = next((s for s in standings if s.row.name == REFERENCE and s.row.done), None)
    if plain is None or plain.headline.value is None:
        return ""
    return " ".join([_failure(plain), *_verdicts([s for s in standings if not s.is_control])])


def _failure(plain: Standing) -> str:
    everybody, worst = plain.overall("accuracy").value, plain.headline.value or 0.0
    words = METRICS[HEADLINE].format
    of_all = "" if everybody is None else f", against {words(everybody)} over all test patients"
    return (
        f"Plain training (ERM) gets {words(worst)} right where it does worst "
        f"({cell_words(plain)}){of_all}."
    )


def _verdicts(contestants: Sequence[Standing]) -> list[str]:
    """Sort the other methods by what can be said of them."""
    said: dict[str, list[str]] = {"better": [], "worse": [], "not": [], "no": []}
    for standing in contestants:
        gain = next((g for g in standing.gains if g.over == REFERENCE), None)
        if gain is not None:
            name, points = standing.row.name, percent_points(gain.difference)
            kind = "no" if gain.seeds < 2 else gain.verdict.split()[0]
            said[kind if kind in said else "no"].append(f"{name} ({points})")
    if not any(said.values()):
        return []
    if not (said["better"] or said["worse"] or said["not"]):
        return ["One seed says nothing of how the next training would go, so there is no verdict."]
    lines = [
        f"Better than it: {_listed(said['better'])}."
        if said["better"]
        else "No method can be told to be better."
    ]
    if said["worse"]:
        lines.append(f"Worse: {_listed(said['worse'])}.")
    if said["not"]:
        lines.append(f"Not told from it: {_listed(said['not'])}.")
    return lines


def _listed(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
