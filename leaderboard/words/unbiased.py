"""What is left of a board's disparity where the cohort has no bias?"""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.support.words import counted
from leaderboard.rank.estimates import draws_of, estimate_rows
from leaderboard.rank.means import Estimate, Estimates
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE_KEY, ORACLE
from leaderboard.read.board_key import settings_of
from leaderboard.read.boards import REFERENCE, Board, Row

SEVERITY = "severity"  # the knob that every digital cohort has
GAP = "balanced_accuracy_gap"
NOT_MEASURED = "Not measured yet: ERM was not run without bias."


def without_bias(
    board: Board, standings: Sequence[Standing], boards: Sequence[Board]
) -> tuple[str, str]:
    """Compare ERM with itself without bias; boards: all of the site, one of which may have none.

    Returns the answer, and the command that makes the runs where they are missing.
    """
    if not board.facts.digital:
        return "Unknown: the bias of real patients cannot be switched off.", ""
    if board.variant.knobs.get(SEVERITY) == 0:
        words = "This board has no bias (severity 0): what differs here is difficulty and chance."
        return words, ""
    twins = (other for other in boards if _is_unbiased_twin(other, board))
    rows = [
        row for other in twins for row in other.rows if row.name == REFERENCE and row.comparable
    ]
    if not rows:
        return f"{NOT_MEASURED}{_oracle(standings)} One command does it:", _command(board)
    plain = find_row(standings, REFERENCE)
    (found,) = estimate_rows(rows[:1], [draws_of(rows[0])])
    here = "" if plain is None else f" With the bias of this board: {_two(plain.estimates)}."
    return (
        f"Without bias (severity 0, {_seeds(rows[0])}) ERM has {_two(found)}.{here} What is left "
        "without bias is difficulty and chance.",
        "",
    )


def _oracle(standings: Sequence[Standing]) -> str:
    """Say how the oracle does, where the board has it: the same training, as a control."""
    oracle = find_row(standings, ORACLE)
    if oracle is None:
        return ""
    found = _two(oracle.estimates)
    return f" The oracle, plain training on a cohort without bias, has {found}."


def find_row(standings: Sequence[Standing], name: str) -> Standing | None:
    """Return the first comparable row of a method; None where there is none."""
    return next((s for s in standings if s.row.name == name and s.row.comparable), None)


def _two(estimates: Estimates) -> str:
    """Say the headline and the gap, each with its interval."""
    worst, gap = (estimates.get(key, Estimate(None)) for key in (HEADLINE_KEY, ScoreKey(GAP)))
    return f"a worst-group accuracy of {_value(worst)} and a gap of {_value(gap)}"


def _value(estimate: Estimate) -> str:
    words = METRICS[GAP].format
    if estimate.value is None:
        return "undefined size"
    if estimate.low is None or estimate.high is None:
        return words(estimate.value)
    return f"{words(estimate.value)} (95 % CI {words(estimate.low)} to {words(estimate.high)})"


def _seeds(row: Row) -> str:
    return counted(len(row.seeds), "seed")


def _command(board: Board) -> str:
    """Write the command that runs ERM with the settings of a board and without its bias."""
    knobs = {name: value for name, value in board.variant.knobs.items() if name != SEVERITY}
    # A name that has nothing after the severity says that the other knobs are at their defaults.
    others = knobs if "_" in board.variant.name else {}
    words = [f"equipoise run --task {board.card.name} --method {REFERENCE} --knob {SEVERITY}=0"]
    words += [f"--knob {name}={value:g}" for name, value in sorted(others.items())]
    words += [f"--preset {board.preset.name}"] if board.preset.name != "quick" else []
    words += [f"--seeds {','.join(map(str, board.seeds))}"] if board.development else []
    return " ".join(words)


def _is_unbiased_twin(other: Board, board: Board) -> bool:
    """Say whether another board differs from this one in severity alone, which is 0 there."""
    own, theirs = (
        {**settings_of(b.preset, b.variant, generator=False), "development": b.development}
        for b in (board, other)
    )
    name = f"knobs.{SEVERITY}"
    same_task = (other.card.name, other.card.version) == (board.card.name, board.card.version)
    return same_task and theirs.pop(name, None) == 0 and own | {name: 0} == theirs | {name: 0}
