"""In which cell does a row do worst, with each of its seeds?"""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.scores import ScoreKey
from leaderboard.read.boards import Row


@cache
def headline_cells(card: TaskCard) -> tuple[ScoreKey, ...]:
    """Return the addresses of the cells that the headline looks at: a label in a group of one
    attribute.
    """
    return tuple(
        ScoreKey("cell_accuracy", (attribute.name,), (value,), label)
        for attribute in card.attributes
        for value in attribute.values
        for label in card.classes
    )


def worst_cells(card: TaskCard, row: Row) -> tuple[ScoreKey, ...]:
    """Return the cell of one attribute with the lowest accuracy, once per finished seed.

    Empty where a cell is undefined in any seed: then nobody knows.
    """
    if not row.done:
        return ()
    cells = headline_cells(card)
    places = [row.done[0].table.keys.places[key] for key in cells]
    values = np.array([run.table.values[places, 0] for run in row.done])
    if np.isnan(values).any():
        return ()
    return tuple(cells[place] for place in values.argmin(axis=1))
