"""What a board has found, in two or three sentences: what a visitor takes home."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.catalogue import METRICS
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE, REFERENCE
from leaderboard.tables.columns import cell_words
from leaderboard.words.verdicts import percent_points

MOST_NAMES = 6  # a longer list is counted, the table has the names
FEW = {2: "Two", 3: "Three", 4: "Four"}  # seeds; five carry a claim
ONE_SEED = (
    "With one seed there is no significance test: another training of the same method may turn "
    "out differently. Confirm with five."
)


def headline_summary(standings: Sequence[Standing]) -> str:
    """Say where plain training does worst and which methods differ from it.

    Empty where plain training is not on the board: then there is nothing to compare with.
    """
    plain = next((s for s in standings if s.row.name == REFERENCE and s.row.done), None)
    if plain is None or plain.headline.value is None:
        return ""
    verdicts = _verdicts([s for s in standings if not s.is_control])
    return " ".join([_worst_of(plain), *verdicts, *_doubts(verdicts, len(plain.row.seeds))])


def _worst_of(plain: Standing) -> str:
    everybody, worst = plain.overall("accuracy").value, plain.headline.value or 0.0
    words = METRICS[HEADLINE].format
    of_all = ""
    if everybody is not None:
        of_all = f", compared with {words(everybody)} accuracy over all test patients"
    where = f"worst cell: {cell_words(plain)}"
    if len(plain.row.seeds) > 1:
        # The cell that is lowest after averaging has a higher mean than the headline.
        where = f"mean over seeds of each seed's worst cell; lowest on average: {cell_words(plain)}"
    return f"Plain training (ERM) has a worst-group accuracy of {words(worst)} ({where}){of_all}."


def _doubts(verdicts: Sequence[str], seeds: int) -> list[str]:
    """Say that few seeds carry no claim; with one seed the verdicts say it themselves."""
    if not verdicts or seeds not in FEW:
        return []
    return [f"{FEW[seeds]} seeds find large gains only; confirm with five."]


def _verdicts(contestants: Sequence[Standing]) -> list[str]:
    """List the other methods by their verdict; the points in brackets are their gains."""
    found: dict[str, list[str]] = {}
    for standing in contestants:
        gain = standing.gain
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
