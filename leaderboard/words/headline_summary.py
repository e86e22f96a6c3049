"""What a board has found, in a few sentences: what a visitor takes home."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.catalogue import METRICS
from benchmark.support.words import listed
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE
from leaderboard.read.boards import REFERENCE
from leaderboard.words.answer import is_proven, oracle_words, unbeaten, which_method
from leaderboard.words.cells import cell_words, undefined_words
from leaderboard.words.verdicts import percent_points


def headline_summary(standings: Sequence[Standing], place: str = "") -> list[str]:
    """Say where plain training does worst, which methods differ from it, and what follows.

    place: what the answer is valid for, from place_of.
    Empty where plain training is not on the board: then there is nothing to compare with.
    """
    plain = next((s for s in standings if s.row.name == REFERENCE and s.row.comparable), None)
    if plain is None:
        return []
    if plain.headline.value is None:
        return [f"{undefined_words(plain)} No method can be compared by it."]
    verdicts = _verdicts([s for s in standings if not s.is_control])
    sentences = [_worst_of(plain), which_method(standings, place), *verdicts]
    return [words for words in [*sentences, oracle_words(standings)] if words]


def _worst_of(plain: Standing) -> str:
    everybody, worst = plain.overall("balanced_accuracy").value, plain.headline.value or 0.0
    words = METRICS[HEADLINE].format
    of_all = ""
    if everybody is not None:
        of_all = f", compared with {words(everybody)} balanced accuracy over all test patients"
    return (
        f"Plain training (ERM) has a worst-group accuracy of {words(worst)} "
        f"({cell_words(plain)}){of_all}."
    )


def _verdicts(contestants: Sequence[Standing]) -> list[str]:
    """List the methods by their verdict; the points in brackets are their gains over ERM.

    A method is only called better if it also beats what it declared to beat.
    """
    compared = [s for s in contestants if s.gain is not None and s.gain.seeds > 1]
    better = [s for s in compared if is_proven(s)]
    short = [s for s in compared if s.gain and s.gain.verdict == "better" and unbeaten(s)]
    worse, alike = (
        [s for s in compared if s.gain and s.gain.verdict == verdict]
        for verdict in ("worse", "not significant")
    )
    lines = []
    for words, found in (
        ("Significantly better than ERM and than all that they declared to beat:", better),
        ("Significantly better than ERM, but not than all that they declared to beat:", short),
        ("Significantly worse than ERM:", worse),
        ("Not significantly different from ERM:", alike),
    ):
        if found:
            lines.append(f"{words} {listed([_with_gain(s) for s in found])}.")
    return lines


def _with_gain(standing: Standing) -> str:
    lacking = [claim.against for claim in unbeaten(standing)]
    points = percent_points(standing.gain.difference) if standing.gain else ""
    is_short = standing.gain and standing.gain.verdict == "better" and lacking
    rivals = f"; not better than {listed(lacking)}" if is_short else ""
    return f"{standing.label} ({points}{rivals})"
