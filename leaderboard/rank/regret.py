"""How far a row stays below what can be learnt of a cell."""

from __future__ import annotations

import numpy as np

from benchmark.api.scores import ScoreKey
from leaderboard.read.boards import Board, Row

REGRET = "worst_cell_regret"
REGRET_KEY = ScoreKey(REGRET)


def has_regret(board: Board) -> bool:
    """Say whether any run of a board was measured from a ceiling."""
    tables = (run.table for row in board.rows for run in row.done)
    return any(not np.isnan(table.values[table.keys.places[REGRET_KEY], 0]) for table in tables)


def regret_cell(row: Row) -> str:
    """Name the cell where a row's regret is largest: "in sex=female, ill".

    The regret is the mean of each seed's largest distance, so a cell is named only where it is the
    same one with every seed.
    """
    notes = {run.table.notes.get(run.table.keys.places[REGRET_KEY], "") for run in row.done}
    if len(notes) > 1:
        return "cells differ between seeds"
    note = "".join(notes)
    return f"in {note}" if note else ""
