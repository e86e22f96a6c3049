"""Is one row better than another? Paired differences, their p-values, and what follows from them.

Rows are compared on the runs that both have: the same seeds and the same test patients.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from benchmark.metrics.pairing import Key, paired
from benchmark.metrics.seed_means import mean_over_seeds
from benchmark.metrics.seed_noise import SeedNoise

SIGNIFICANT = 0.05  # p-values below are called significant, after Holm's adjustment
LEVELLING_MARGIN = 0.01  # a smaller fall is not counted as one (design estimate)

Verdict = Literal["better", "worse", "not significant", "one seed", "undefined"]
Name = TypeVar("Name")


@dataclass(frozen=True)
class Comparison:
    """The difference of two rows, a minus b, with 95 % interval and two-sided p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def compare(a: np.ndarray, b: np.ndarray, noise: SeedNoise | None = None) -> Comparison:
    """Compare two rows on the same patients and seeds; a, b: (seeds, 1 + resamples), paired.

    The rows are shares, from 0 to 1. One seed compares two trained models and not two methods: it
    has no p-value. noise: pooled over the board; None: from these two rows alone. The p-value is
    below 5 % exactly where the interval leaves out 0.
    """
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    if a.shape != b.shape:
        raise ValueError(
            f"Rows of shape {a.shape} and {b.shape} cannot be paired. Allowed: the same seeds and "
            "resamples. Keep the seeds that both rows have."
        )
    between = (noise.difference, noise.difference_freedom) if noise else None
    mean = mean_over_seeds(a - b, between)
    p_value = mean.p_value() if len(a) > 1 else float("nan")
    return Comparison(mean.value, *mean.interval((-1.0, 1.0)), p_value)


@dataclass(frozen=True)
class Gain:
    """The difference of a row from a reference, with a p-value adjusted for all rows compared."""

    difference: float
    low: float
    high: float
    p_value: float  # after Holm's adjustment
    seeds: int  # how many runs both have

    @property
    def verdict(self) -> Verdict:
        """What the numbers allow to say at the 5 % level."""
        if self.seeds < 2:
            return "one seed"
        if math.isnan(self.p_value):
            return "undefined"
        if self.p_value >= SIGNIFICANT:
            return "not significant"
        return "better" if self.difference > 0 else "worse"


def gains_over(
    reference: Mapping[Key, np.ndarray],
    rows: Mapping[Name, Mapping[Key, np.ndarray]],
    noise: SeedNoise | None = None,
) -> dict[Name, Gain]:
    """Compare rows with a reference; rows that share no run with it or are undefined are left out.

    reference, rows: draws (1 + resamples,) of each run. Holm's adjustment is over all rows that
    can be tested.
    """
    compared: dict[Name, tuple[Comparison, int]] = {}
    for name, row in rows.items():
        own, others = paired(row, reference)
        if len(own):
            compared[name] = compare(own, others, noise), len(own)
    adjusted = holm(np.array([comparison.p_value for comparison, _ in compared.values()]))
    return {
        name: Gain(c.difference, c.low, c.high, float(p_value), seeds)
        for (name, (c, seeds)), p_value in zip(compared.items(), adjusted, strict=True)
        if not math.isnan(c.difference)
    }


def holm(p_values: np.ndarray, tests: int | None = None) -> np.ndarray:
    """Adjust p-values for their number by Holm's step-down rule, (n,) to (n,).

    Holm 1979, Scand. J. Statist. 6:65 (from memory): the smallest is multiplied by m, the next
    by m - 1, ..., none below the one before, none above 1. Undefined ones stay undefined. tests:
    m; None: how many p-values are defined.
    """
    p = np.array(p_values, dtype=np.float64)
    defined = np.flatnonzero(~np.isnan(p))
    order = defined[np.argsort(p[defined], kind="stable")]
    m = len(order) if tests is None else tests
    stepped = np.maximum.accumulate(p[order] * (m - np.arange(len(order))))
    p[order] = np.minimum(stepped, 1)
    return p


def headroom(
    row: Mapping[Key, float], plain: Mapping[Key, float], oracle: Mapping[Key, float]
) -> float | None:
    """Return how much of the way from plain training to the oracle a row has gone.

    row, plain, oracle: the value of each run. Measured on the runs that all three have; None
    where there are none, or where the oracle is no better than plain training.
    """
    shared = sorted(row.keys() & plain.keys() & oracle.keys())
    if not shared:
        return None
    reached, start, end = np.mean([(row[k], plain[k], oracle[k]) for k in shared], axis=0)
    return float((reached - start) / (end - start)) if end > start else None


def levels_down(
    groups: np.ndarray, reference: np.ndarray, *, margin: float = LEVELLING_MARGIN
) -> bool | None:
    """Return whether a method closed a gap mostly by serving its best group worse.

    groups, reference: (groups,) one higher-is-better value per group of one attribute, of the
    method and of what it is compared with. The gap closes by the fall of the best value plus the
    rise of the worst one. True if gap and best value each fell by more than the margin, and the
    fall did more than the rise. None if any group is undefined.
    """
    if np.isnan(groups).any() or np.isnan(reference).any():
        return None
    fall = float(np.max(reference) - np.max(groups))
    rise = float(np.min(groups) - np.min(reference))
    return fall + rise > margin and fall > margin and fall > rise
