"""Means over seeds, with an interval over patients and seeds.

Draws of several seeds are stacked to (seeds, 1 + resamples); see intervals.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from benchmark.metrics.intervals import LEVEL, MOST_UNDEFINED
from benchmark.metrics.seed_noise import SeedNoise


@dataclass(frozen=True)
class SeedMean:
    """A mean over seeds with what is needed for an interval or a test."""

    value: float
    centre: float  # the value less the bias that resampling shows
    error: float  # standard error
    freedom: float  # degrees of freedom of the error

    def interval(self, limits: tuple[float, float]) -> tuple[float, float]:
        """Return low and high of the 95 % interval, cut to limits; it always holds the value."""
        half = float(stdtrit(min(self.freedom, 1e9), (1 + LEVEL) / 2)) * self.error
        low, high = np.clip([self.centre - half, self.centre + half], *limits)
        return float(np.minimum(self.value, low)), float(np.maximum(self.value, high))

    def p_value(self) -> float:
        """Return the two-sided p-value; below 5 % exactly where the interval excludes 0."""
        if np.isnan(self.error):
            return float("nan")
        if self.value * self.centre <= 0:  # the sign itself is in doubt
            return 1.0
        if self.error == 0:
            return 0.0
        return float(2 * stdtr(min(self.freedom, 1e9), -abs(self.centre) / self.error))


def mean_over_seeds(draws: np.ndarray, between: tuple[float, float] | None) -> SeedMean:
    """Average over seeds, with two sources of error: the test patients and the seed of training.

    between: variance between seeds and its degrees of freedom, pooled over the board. The larger
    of it and these draws' own counts: with few seeds a row's own is often small by chance, and a
    row that varies more than the others keeps its own. Both estimate the same variance, so their
    degrees of freedom are added: two seeds alone have one, and with one no difference is ever
    found. The patients' part is the bootstrap variance of the mean, the seeds' part the
    variance between seeds over their number. Patients also make seeds differ, so part of them
    counts twice: with two or three seeds that caution is needed (simulated in the docs on scores).
    Degrees of freedom after Welch and Satterthwaite (derived), the patients' part taken as known.
    """
    draws = np.atleast_2d(np.asarray(draws, dtype=np.float64))
    value, resampled = draws[:, 0].mean(), draws[:, 1:].mean(axis=0)
    kept = ~np.isnan(resampled)
    if np.isnan(value) or kept.sum() < max(2, (1 - MOST_UNDEFINED) * len(kept)):
        return SeedMean(float(value), np.nan, np.nan, np.nan)
    seeds = len(draws)
    own = float(draws[:, 0].var(ddof=1)) if seeds > 1 else 0.0
    variance, freedom = own, float(seeds - 1)
    if between is not None:
        variance, freedom = max(own, between[0]), seeds - 1 + between[1]
    patients, training = float(resampled[kept].var(ddof=1)), variance / seeds
    freedom = np.inf if training == 0 else freedom * ((patients + training) / training) ** 2
    centre = 2 * value - resampled[kept].mean()
    return SeedMean(float(value), float(centre), float(np.sqrt(patients + training)), freedom)


def seed_interval(
    draws: np.ndarray,
    limits: tuple[float, float] = (0.0, 1.0),
    noise: SeedNoise | None = None,
) -> tuple[float, float, float]:
    """Return mean over seeds, low and high of its 95 % interval, over patients and seeds.

    draws: (seeds, 1 + resamples). noise: pooled over the board; None: from these draws alone.
    NaN three times if any seed's value is undefined; low and high NaN without resamples. With one
    seed the interval holds for that trained model only. The docs on scores say how far two
    or three seeds carry.
    """
    between = (noise.row, noise.row_freedom) if noise else None
    mean = mean_over_seeds(draws, between)
    return mean.value, *mean.interval(limits)
