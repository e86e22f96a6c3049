"""What to do next with one's own patients: one command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from leaderboard.rank.standings import Standing
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.words.answer import is_proven

SEEDS = "0-2"  # enough for a verdict


class NextStep(NamedTuple):
    """Why, and the command."""

    words: str
    command: str


def next_step(board: Board, standings: Sequence[Standing]) -> NextStep | None:
    """Return the command that compares plain training with the best method of a board.

    The method that was shown to help, or else the first of the ranking, which is then called
    unproven. None where the board has the reader's own patients already.
    """
    if not board.facts.digital:
        return None
    ranked = [s for s in standings if s.place is not None and s.row.name != REFERENCE]
    proven = [s for s in ranked if is_proven(s)]
    other = next(iter(proven or ranked), None)
    words = "Your own patients are not these. One command trains ERM on them:"
    if other and proven:
        words = f"Your own patients are not these. Compare ERM with {other.label} on them:"
    elif other:
        words = (
            f"Your own patients are not these. No method was shown to help here: {other.label} is "
            "only the first of the ranking, unproven. Compare ERM with it on them:"
        )
    command = f"equipoise run --task {board.card.name} --cohort YOUR_FOLDER --method {REFERENCE}"
    return NextStep(words, command + (_options(other) if other else ""))


def _options(other: Standing) -> str:
    """Name a method; one of several settings with its fields, which were chosen, on board seeds."""
    name = other.row.name
    settings = [f" --set {name}.{field}={value}" for field, value in other.settings]
    return "".join([f" --method {name}", *settings, *[f" --seeds {SEEDS}"] * bool(settings)])
