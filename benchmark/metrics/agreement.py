"""Would other seeds rank the rows alike?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
from scipy.stats import kendalltau

FEWEST_SEEDS = 2  # one in each half
MOST_SPLITS = 130  # of the seeds into halves: all of them up to nine seeds


def halves_agree(values: np.ndarray) -> float | None:
    """Return Kendall's tau between the rankings of rows by two disjoint halves of the seeds.

    values: (rows, seeds), every row on the same seeds. Of an odd number of seeds one half has one
    more. The mean over all ways to split the seeds, so that their order makes no difference; of
    many ways, MOST_SPLITS drawn ones. 1: the same order, 0: no relation, -1: reversed. None with
    fewer than FEWEST_SEEDS seeds or two rows, and where no half tells two rows apart.
    """
    rows, seeds = values.shape
    if rows < 2 or seeds < FEWEST_SEEDS:
        return None
    found = np.array([_tau(values, list(half)) for half in _halves(seeds)])
    known = found[~np.isnan(found)]
    return float(known.mean()) if len(known) else None


def _halves(seeds: int) -> Iterator[tuple[int, ...]]:
    """Return the places of the seeds in the smaller half, one way after another."""
    half = seeds // 2
    if comb(seeds, half) <= MOST_SPLITS:
        yield from combinations(range(seeds), half)
        return
    rng = np.random.default_rng(0)  # the same ways on every page
    for _ in range(MOST_SPLITS):
        yield tuple(rng.permutation(seeds)[:half].tolist())


def _tau(values: np.ndarray, half: list[int]) -> float:
    rest = [place for place in range(values.shape[1]) if place not in half]
    a, b = (values[:, places].mean(axis=1) for places in (half, rest))
    return float(kendalltau(a, b).statistic)
