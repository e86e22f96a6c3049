"""Can this board decide anything? Four questions that a reader should ask before the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmark.api.card import group_words
from benchmark.metrics.agreement import FEWEST_SEEDS
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.cell_size import known_within, patients_needed
from benchmark.support.words import counted, listed
from leaderboard.rank.halves import halves
from leaderboard.rank.regret import REGRET
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.words.answer import only_method
from leaderboard.words.cells import undefined_words
from leaderboard.words.row_marks import lacking_words
from leaderboard.words.unbiased import find_row, without_bias


class Answer(NamedTuple):
    """A question, its answer, and the command that would find it; empty where none is needed."""

    question: str
    words: str
    command: str = ""


def validity(board: Board, standings: Sequence[Standing], boards: Sequence[Board]) -> list[Answer]:
    """Answer the questions for one board; boards: all of the site."""
    plain = find_row(standings, REFERENCE)
    alone = only_method(standings)
    return [
        Answer("Does plain training (ERM) fail some patients?", _failing(plain)),
        Answer("Do the methods differ at all?", alone or _tiers(standings)),
        Answer("Would other seeds rank them alike?", alone or _halves(standings)),
        Answer("Is the disparity due to the bias?", *without_bias(board, standings, boards)),
    ]


def _failing(plain: Standing | None) -> str:
    """Compare ERM's worst cell with everybody; both intervals must be apart to count."""
    if plain is None:
        return "Unknown: ERM is not on this board."
    if plain.headline.value is None:
        why = undefined_words(plain)
        return f"Unknown: {why[:1].lower()}{why[1:]}"
    worst, everybody = plain.headline, plain.overall("balanced_accuracy")
    if worst.n < patients_needed():
        return f"Cannot be told: {_too_few(plain)}"
    if worst.high is None or everybody.low is None:
        return "Unknown: one of the two values has no interval."
    words = METRICS[HEADLINE].format
    answer = "Yes" if worst.high < everybody.low else "Not shown"
    sure = "lies above" if worst.high < everybody.low else "does not lie above"
    found = (
        f"{answer}: its worst-group accuracy is {words(worst.value)} (at most "
        f"{words(worst.high)}), and the interval of its balanced "
        f"accuracy over all, "
        f"{words(everybody.low)} to {words(everybody.high)}, {sure} that."
    )
    return f"{found}{_regret(plain)}"


def _too_few(plain: Standing) -> str:
    """Say that the worst cell has too few test images for a claim, and name it if it is one."""
    n, cells = plain.headline.n, list(dict.fromkeys(plain.worst_cells))
    has = "its worst cells have as few as"
    if len(cells) == 1:
        has = f"its worst cell ({cells[0].label}, {group_words(cells[0].values)}) has"
    images = counted(n, "test image")
    return f"{has} {images} (accuracy known to within {known_within(n)})."


def _regret(plain: Standing) -> str:
    """Say how much more can be learnt of the cell where plain training misses most of it."""
    regret, words = plain.overall(REGRET), METRICS[REGRET].format
    if regret.value is None or regret.low is None:
        return ""
    return (
        f" It stays {words(regret.value)} ({words(regret.low)} to {words(regret.high)}) below the "
        "ceiling in the cell where that is most."
    )


def _tiers(standings: Sequence[Standing]) -> str:
    tiers = {s.tier for s in standings if s.tier is not None}
    if not tiers:
        return f"Unknown: {_why_no_tiers(standings)}"
    if len(tiers) > 1:
        return f"Yes: they fall into {len(tiers)} tiers."
    chance = "all methods share one tier, so the order of rows may be chance."
    verdicts = {s.gain.verdict for s in standings if s.gain and not s.is_control}
    if verdicts & {"better", "worse"}:
        return f"From ERM, yes: see the gains. From each other, not shown: {chance}"
    return f"Not shown: {chance}"


def _why_no_tiers(standings: Sequence[Standing]) -> str:
    """Say why no method has a tier: rows that lack runs are not ranked."""
    contestants = [s for s in standings if not s.is_control]
    if not any(s.headline.value is not None for s in contestants):
        return "worst-group accuracy is undefined, so no method can be ranked."
    short = [s for s in contestants if s.missing and not s.complete]
    ranked = sum(s.complete for s in contestants)
    if not short or ranked > 1:
        return "tiers need two methods with the same two seeds or more."
    found = "; ".join(f"{s.label}: {lacking_words(s).replace('; ', ', ')}" for s in short)
    lack = counted(len(contestants), "row lacks", "rows lack")
    only = "only one" if ranked else "none"
    return f"{len(short)} of {lack} runs ({found}), so {only} can be ranked."


def _halves(standings: Sequence[Standing]) -> str:
    found = halves(standings)
    if not found.seeds and not any(s.tier for s in standings):
        return f"Unknown: {_why_no_tiers(standings)}"
    if found.seeds < FEWEST_SEEDS:
        return (
            f"Unknown: this takes two methods that share {FEWEST_SEEDS} seeds or more, and here "
            f"they share {found.seeds}."
        )
    if found.tau is None:
        return "Unknown: there are no two methods that differ."
    strength = "much" if found.tau > 0.6 else "somewhat" if found.tau > 0.3 else "hardly"
    left_out = ""
    if found.left_out:
        left_out = f" Not in it, with fewer or other seeds: {listed(found.left_out)}."
    return (
        f"{strength.capitalize()} alike: Kendall's tau between the rankings by two halves of the "
        f"seeds is {found.tau:.2f} (1: the same order, 0: no relation), over the "
        f"{len(found.rows)} methods that share {found.seeds} seeds.{left_out}"
    )
