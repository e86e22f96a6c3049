"""What a board has found, in two or three sentences: what a visitor takes home."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.catalogue import METRICS
from leaderboard.rank.standings import HEADLINE, REFERENCE, Standing
from leaderboard.tables.columns import cell_words
from leaderboard.words.verdicts import percent_points

MOST_NAMES = 6  # a longer list is counted, the table has the names
ONE_SEED = (
    "With one seed there is no significance test: another training of the same method may turn "
    "out differently."
)


def headline_summary(standings: Sequence[Standing]) -> str:
    """Say where plain training does worst and which methods differ from it.

    Empty where plain training is not on the board: then there is nothing to compare with.
    """
    plain = next((s for s in standings if s.row.name == REFERENCE and s.row.done), None)
    if plain is None or plain.headline.value is None:
        return ""
    return " ".join([_worst_of(plain), *_verdicts([s for s in standings if not s.is_control])])


def _worst_of(plain: Standing) -> str:
    everybody, worst = plain.overall("accuracy").value, plain.headline.value or 0.0
    words = METRICS[HEADLINE].format
    of_all = "" if everybody is None else f", compared with {words(everybody)} of all test patients"
    return (
        f"Plain training (ERM) is right for {words(worst)} of the patients in its worst cell "
        f"({cell_words(plain)}){of_all}."
    )


def _verdicts(contestants: Sequence[Standing]) -> list[str]:
    """List the other methods by their verdict; the points in brackets are their gains."""
    found: dict[str, list[str]] = {}
    for standing in contestants:
        gain = standing.gains.get(REFERENCE)
        if gain is not None:
            name = f"{standing.row.name} ({percent_points(gain.difference)})"
            found.setdefault(gain.verdict, []).append(name)
    if not {"better", "worse", "not significant"} & found.keys():
        return [ONE_SEED] if "one seed" in found else []
    lines = ["No method is significantly better than ERM."]
    if "better" in found:
        lines = [f"Significantly better than ERM: {_listed(found['better'])}."]
    if "worse" in found:
        lines.append(f"Significantly worse: {_listed(found['worse'])}.")
    if "not significant" in found:
        lines.append(f"Not significantly different: {_listed(found['not significant'])}.")
    return lines


def _listed(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
