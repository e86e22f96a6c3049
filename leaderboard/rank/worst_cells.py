"""In which cell does a row do worst, with each of its seeds?"""

from __future__ import annotations

import numpy as np

from benchmark.api.scores import ScoreKey
from leaderboard.read.boards import Row


def worst_cells(row: Row) -> tuple[ScoreKey, ...]:
    """Return the cell of one attribute with the lowest accuracy, once per finished seed.

    Empty where a cell is undefined in any seed: then nobody knows.
    """
    if not row.done:
        return ()
    keys = row.done[0].table.keys
    cells = [
        (key, place)
        for key, place in keys.places.items()
        if key.metric == "cell_accuracy" and len(key.attributes) == 1
    ]
    values = np.array([[run.table.values[place, 0] for _, place in cells] for run in row.done])
    if not cells or np.isnan(values).any():
        return ()
    return tuple(cells[place][0] for place in values.argmin(axis=1))
