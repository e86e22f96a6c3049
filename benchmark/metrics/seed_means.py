"""Means over seeds, with an interval over patients and seeds."""

from __future__ import annotations

import numpy as np

from benchmark.metrics.chance import LEVEL, Part, half_widths
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.patients import patients_covariance
from benchmark.metrics.seed_noise import SeedPool

KNOWN = np.array(np.inf)


def seed_interval(
    row: RowDraws, limits: tuple[float, float] = (0.0, 1.0), pool: SeedPool | None = None
) -> tuple[float, float, float]:
    """Return mean over seeds, low and high of its 95 % interval, over patients and seeds.

    pool: of the board; None: the row's own variance between seeds alone, which is right for a row
    that trains nothing. NaN three times if any seed's value is undefined; low and high NaN without
    resamples. With one seed the interval holds for that trained model only. The interval lies
    around the value less the bias that resampling shows: a smallest value over cells is measured
    too low. It is cut to the limits of the metric and always holds the value.
    """
    draws = np.array([row.draws[key] for key in sorted(row.draws)], dtype=np.float64)
    value, resampled = float(draws[:, 0].mean()), draws[:, 1:]
    patients = max(float(patients_covariance(draws[None])[0, 0]), 0.0)
    if np.isnan(value + patients) or not resampled.size:
        return value, np.nan, np.nan
    half = float(half_widths(LEVEL, [Part(np.array(patients), KNOWN), _trainings(row, pool)]))
    centre = 2 * value - float(np.nanmean(resampled))
    low, high = np.clip([centre - half, centre + half], *limits)
    return value, float(min(value, low)), float(max(value, high))


def _trainings(row: RowDraws, pool: SeedPool | None) -> Part:
    """Return the trainings' part of the variance of a row's mean.

    A seed moves all rows of a board together, and each of them a little more. So it is the sum of
    the variance of the mean over methods, about which no other row tells more, and of the row's
    own around it, moderated; degrees of freedom after Satterthwaite. Where too few other methods
    say anything, the row's own variance is all there is.
    """
    seeds, values = len(row.draws), row.measured
    if seeds < 2:
        return Part(np.array(0.0), KNOWN)
    prior = pool.priors([row.method], differences=False) if pool else None
    known = pool.by_seed if pool else {}
    if pool is None or prior is None or prior.freedom[0] == 0 or values.keys() - known.keys():
        alone = np.array(np.var(list(values.values()), ddof=1))
        return Part(alone / seeds, np.array(seeds - 1.0))
    shared = np.array([known[key] for key in values])
    rest = np.array(list(values.values())) - shared
    of_rest = (n := len(pool.methods)) / (n - 1)  # the row itself is one n-th of the mean
    own, freedom = prior.moderate(rest.var(ddof=1) * of_rest, seeds - 1)
    common, around = shared.var(ddof=1) / seeds, own[0] / of_rest / seeds
    spread = common**2 / (seeds - 1) + around**2 / freedom[0]
    total = np.array(common + around)
    return Part(total, total**2 / spread if spread > 0 else KNOWN)
