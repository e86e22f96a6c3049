"""Would other seeds rank the rows alike?"""

from __future__ import annotations

import numpy as np
from scipy.stats import kendalltau

FEWEST_SEEDS = 4  # two in each half


def halves_agree(values: np.ndarray) -> float | None:
    """Return Kendall's tau between the rankings of rows by two disjoint halves of the seeds.

    values: (rows, seeds), every row on the same seeds, in their order: even places make one half,
    odd places the other. 1: the same order, 0: no relation, -1: reversed. None with fewer than
    FEWEST_SEEDS seeds or two rows, and where all rows are equal.
    """
    rows, seeds = values.shape
    if rows < 2 or seeds < FEWEST_SEEDS:
        return None
    tau = float(kendalltau(values[:, ::2].mean(axis=1), values[:, 1::2].mean(axis=1)).statistic)
    return None if np.isnan(tau) else tau
