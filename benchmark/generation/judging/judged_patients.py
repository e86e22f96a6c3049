"""Which test patients a generator is compared with: as many as the preset says, not all of them."""

from __future__ import annotations

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.data import Split


def judged_patients(test: Split, card: TaskCard, at_least: int) -> Split:
    """Return the same number of test patients from every cell, the same for every seed and method.

    at_least: how many in all, rounded up to whole cells. A cell with too few gives all that it has,
    and others give more. A test split that is no larger is returned as it is.
    """
    if len(test) <= at_least:
        return test
    cells, n_cells = card.encode_cells(test.table)
    level = level_that_gives(np.bincount(cells, minlength=n_cells), at_least)
    order = np.random.default_rng(0).permutation(len(test))  # a table may be sorted by anything
    order = order[np.argsort(cells[order], kind="stable")]
    starts = np.searchsorted(cells[order], np.arange(n_cells))
    place_in_cell = np.arange(len(test)) - starts[cells[order]]
    return test.take(np.sort(order[place_in_cell < level]))


def level_that_gives(sizes: np.ndarray, at_least: int) -> int:
    """Return the smallest number per cell that gives so many in all; sizes: (cells,).

    Worked example: sizes (5, 1, 0) and at least 4 give 3, because 3 + 1 + 0 is 4.
    """
    levels = np.arange(sizes.max() + 1)
    given = np.minimum(sizes, levels[:, None]).sum(axis=1)
    return int(np.searchsorted(given, at_least))
