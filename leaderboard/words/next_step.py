"""What to do next with one's own patients: one command."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboard.rank.standings import Standing
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.words.answer import is_proven


def next_step(board: Board, standings: Sequence[Standing]) -> str:
    """Return the command that compares plain training with the best methods of a board.

    The method that was shown to help, or else the first of the ranking: the patients of this board
    are not the reader's. Empty where the board has the reader's own patients already.
    """
    if not board.facts.digital:
        return ""
    ranked = [s for s in standings if s.place is not None and s.row.name != REFERENCE]
    first = [s for s in ranked if is_proven(s)] or ranked
    names = [REFERENCE, *(s.row.name for s in first[:1])]
    methods = " ".join(f"--method {name}" for name in names)
    return f"equipoise run --task {board.card.name} --cohort YOUR_FOLDER {methods}"
