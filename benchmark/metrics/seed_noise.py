"""How much another seed changes a value: the variance between seeds, pooled over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.metrics.pairing import Key, fullest

FAR_MORE = 20.0  # times the median row's variance between seeds (design estimate)


@dataclass(frozen=True)
class SeedNoise:
    """How far seeds lie apart, pooled over the rows of a board."""

    row: float  # variance between the seeds of one row
    row_freedom: float
    difference: float  # variance between seeds of the paired difference of two rows
    difference_freedom: float


def seed_noise(values: np.ndarray) -> SeedNoise | None:
    """Pool the variance between seeds over rows; None with fewer than two rows or seeds.

    values: (rows, seeds), every row on the same seeds. Two-way layout without replication
    (derived): what row and seed leave unexplained moves differences, its expectation being s2 for
    one value and 2 s2 for a difference; seed and rest together move a single row. Degrees of
    freedom (rows - 1)(seeds - 1) for the rest, after Satterthwaite for the sum. Rows that vary
    far more than the rest are left out, so that one row cannot blur the others.
    """
    values = values[_steady(values)] if np.size(values) else values
    rows, seeds = values.shape
    if rows < 2 or seeds < 2 or np.isnan(values).any():
        return None
    by_seed = values.mean(axis=0)
    rest = values - values.mean(axis=1, keepdims=True) - by_seed + values.mean()
    freedom = (rows - 1) * (seeds - 1)
    of_rest = float((rest**2).sum()) / freedom
    of_seeds = rows * float(by_seed.var(ddof=1))
    share = [of_seeds / rows, (rows - 1) / rows * of_rest]
    row = sum(share)
    spread = share[0] ** 2 / (seeds - 1) + share[1] ** 2 / freedom
    row_freedom = row**2 / spread if spread > 0 else np.inf
    return SeedNoise(row, row_freedom, 2 * of_rest, freedom)


def _steady(values: np.ndarray) -> np.ndarray:
    """Return which rows do not vary far more than the median row, (rows,) of bool."""
    rest = values - values.mean(axis=1, keepdims=True)
    variance = ((rest - np.median(rest, axis=0)) ** 2).sum(axis=1)
    return np.asarray(variance <= FAR_MORE * np.median(variance) + 1e-12)


def pooled_noise(rows: Sequence[tuple[str, Mapping[Key, float]]]) -> SeedNoise | None:
    """Pool the variance between seeds over rows that have all runs.

    rows: the method of each row, and its value in each run. Of the rows of one method only the
    one whose seeds differ most takes part: settings of one method move together, so counting
    each of them would overstate how well the noise is known.
    """
    keys = fullest([frozenset(values) for _, values in rows])
    chosen: dict[str, np.ndarray] = {}
    for method, values in rows:
        if values.keys() == keys:
            of_seeds = np.array([values[key] for key in sorted(keys)])
            chosen[method] = max(chosen.get(method, of_seeds), of_seeds, key=_spread)
    return seed_noise(np.array(list(chosen.values())))


def _spread(values: np.ndarray) -> float:
    variance = float(np.var(values)) if len(values) else np.nan
    return -np.inf if np.isnan(variance) else variance
