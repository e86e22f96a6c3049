"""Can this board decide anything? Four questions that a reader should ask before the ranking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.metrics.agreement import FEWEST_SEEDS, halves_agree
from benchmark.metrics.catalogue import METRICS
from leaderboard.rank.regret import regret_of
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE, HEADLINE_KEY
from leaderboard.read.board_key import settings_of
from leaderboard.read.boards import REFERENCE, Board, Row

SEVERITY = "severity"  # the knob that every digital cohort has
Answer = tuple[str, str]  # a question and its answer


def validity(board: Board, standings: Sequence[Standing], boards: Sequence[Board]) -> list[Answer]:
    """Answer the questions for one board; boards: all of the site."""
    plain = next((s for s in standings if s.row.name == REFERENCE and s.row.done), None)
    return [
        ("Does plain training (ERM) fail some patients?", _failing(board, plain)),
        ("Do the methods differ at all?", _tiers(standings)),
        ("Would other seeds rank them alike?", _halves(standings)),
        ("Is the disparity due to the bias?", _without_bias(board, boards)),
    ]


def _failing(board: Board, plain: Standing | None) -> str:
    """Compare ERM's worst cell with everybody; both intervals must be apart to count."""
    if plain is None:
        return "Unknown: ERM is not on this board."
    worst, everybody = plain.headline, plain.overall("accuracy")
    if worst.high is None or everybody.low is None:
        return "Unknown: one of the two values has no interval."
    words = METRICS[HEADLINE].format
    answer = "Yes" if worst.high < everybody.low else "Not shown"
    sure = "lies above" if worst.high < everybody.low else "does not lie above"
    found = (
        f"{answer}: its worst-group accuracy is {words(worst.value)} (at most "
        f"{words(worst.high)}), and the interval of its accuracy over all, "
        f"{words(everybody.low)} to {words(everybody.high)}, {sure} that."
    )
    regret = regret_of(plain, board.cohort.ceilings)
    if regret is None:
        return found
    return f"{found} It stays up to {100 * regret.points:.1f} points below the ceiling of a cell."


def _tiers(standings: Sequence[Standing]) -> str:
    tiers = {s.tier for s in standings if s.tier is not None}
    if not tiers:
        return "Unknown: tiers need two methods with the same two seeds or more."
    if len(tiers) > 1:
        return f"Yes: they fall into {len(tiers)} tiers."
    chance = "all methods share one tier, so the order of rows may be chance."
    verdicts = {s.gain.verdict for s in standings if s.gain and not s.is_control}
    if verdicts & {"better", "worse"}:
        return f"From ERM, yes: see the gains. From each other, not shown: {chance}"
    return f"Not shown: {chance}"


def _halves(standings: Sequence[Standing]) -> str:
    rows = [s.row for s in standings if s.place is not None]
    seeds = min((len(row.seeds) for row in rows), default=0)
    if seeds < FEWEST_SEEDS:
        return f"Unknown: this takes {FEWEST_SEEDS} seeds, and the methods share {seeds}."
    tau = halves_agree(np.array([_headlines(row) for row in rows]))
    if tau is None:
        return "Unknown: there are no two methods that differ."
    strength = "much" if tau > 0.6 else "somewhat" if tau > 0.3 else "hardly"
    return (
        f"{strength.capitalize()} alike: Kendall's tau between the rankings by two halves of the "
        f"seeds is {tau:.2f} (1: the same order, 0: no relation)."
    )


def _headlines(row: Row) -> list[float]:
    """Return a row's headline in each seed, in order."""
    return [float(run.table.values[run.table.keys.places[HEADLINE_KEY], 0]) for run in row.done]


def _without_bias(board: Board, boards: Sequence[Board]) -> str:
    """Say how well ERM does where the cohort has no bias, if such a board is among the runs."""
    if not board.facts.digital:
        return "Unknown: the bias of real patients cannot be switched off."
    if board.variant.knobs.get(SEVERITY) == 0:
        return "This board has no bias (severity 0): what differs here is difficulty and chance."
    twin = next((other for other in boards if _is_unbiased_twin(other, board)), None)
    rows = [row for row in twin.rows if row.name == REFERENCE and row.done] if twin else []
    if not rows:
        preset = "" if board.preset.name == "quick" else f" --preset {board.preset.name}"
        return (
            "Unknown: no run without bias. Make some with: equipoise run --task "
            f"{board.card.name} --method erm --knob severity=0{preset}"
        )
    mean = float(np.mean(_headlines(rows[0])))
    return (
        f"Without bias (severity 0) ERM has a worst-group accuracy of "
        f"{METRICS[HEADLINE].format(mean)}; what is missing there is no effect of the bias."
    )


def _is_unbiased_twin(other: Board, board: Board) -> bool:
    """Say whether another board differs from this one in severity alone, which is 0 there."""
    own, theirs = (
        {**settings_of(b.preset, b.variant, generator=False), "development": b.development}
        for b in (board, other)
    )
    name = f"knobs.{SEVERITY}"
    same_task = (other.card.name, other.card.version) == (board.card.name, board.card.version)
    return same_task and theirs.pop(name, None) == 0 and own | {name: 0} == theirs | {name: 0}
