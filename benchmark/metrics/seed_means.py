"""Means over seeds, with an interval over patients and seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from benchmark.metrics.chance import LEVEL, Part, half_widths
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.patients import patients_variances
from benchmark.metrics.seed_noise import SeedPool

Name = TypeVar("Name", bound=Hashable)


def seed_intervals(
    rows: Mapping[Name, RowDraws],
    limits: tuple[float, float] = (0.0, 1.0),
    pool: SeedPool | None = None,
) -> dict[Name, tuple[float, float, float]]:
    """Return for each row its mean over seeds, low and high of its 95 % interval.

    The interval is over patients and seeds. pool: of the board; None: each row's own variance
    between seeds alone, which is right for rows that train nothing. NaN three times if any seed's
    value is undefined; low and high NaN without resamples. With one seed the interval holds for
    that trained model only. It lies around the value less the bias that resampling shows: a
    smallest value over cells is measured too low. It is cut to the limits of the metric and always
    holds the value.
    """
    alike: dict[tuple[Any, ...], list[Name]] = defaultdict(list)
    for name, row in rows.items():
        alike[tuple(sorted(row.draws))].append(name)
    found: dict[Name, tuple[float, float, float]] = {}
    for keys, names in alike.items():
        draws = np.array([[rows[name].draws[key] for key in keys] for name in names], dtype=float)
        methods = [rows[name].method for name in names]
        intervals = _intervals(draws, _trainings(draws[:, :, 0], keys, methods, pool), limits)
        for name, (value, low, high) in zip(names, intervals.tolist(), strict=True):
            found[name] = value, low, high
    return found


def _intervals(draws: np.ndarray, trainings: Part, limits: tuple[float, float]) -> np.ndarray:
    """Return value, low and high of rows on the same runs, (rows, 3)."""
    value = draws[:, :, 0].mean(axis=1)
    if draws.shape[2] < 2:
        return np.stack([value, np.full(len(value), np.nan), np.full(len(value), np.nan)], axis=1)
    patients = Part(np.maximum(patients_variances(draws), 0), np.full(len(value), np.inf))
    half = half_widths(LEVEL, [patients, trainings])
    resampled = np.nan_to_num(draws[:, :, 1:]).sum(axis=(1, 2))
    resampled = resampled / np.maximum((~np.isnan(draws[:, :, 1:])).sum(axis=(1, 2)), 1)
    centre = 2 * value - resampled
    low, high = np.clip(centre - half, *limits), np.clip(centre + half, *limits)
    return np.stack([value, np.minimum(value, low), np.maximum(value, high)], axis=1)


def _trainings(
    values: np.ndarray, keys: Sequence[Any], methods: Sequence[str], pool: SeedPool | None
) -> Part:
    """Return the trainings' part of the variance of the rows' means; values: (rows, seeds).

    A seed moves all rows of a board together, and each of them a little more. So it is the sum of
    the variance of the mean over baselines, about which no other row tells more, and of the row's
    own around it, moderated; degrees of freedom after Satterthwaite. The mean of n baselines has
    an n-th of one's own variance, and a baseline is part of it: so around it a baseline has
    (n - 1) / n of its variance and another row (n + 1) / n. Where too few baselines say anything,
    the row's own variance is all there is.
    """
    rows, seeds = values.shape
    if seeds < 2:
        return Part(np.zeros(rows), np.full(rows, np.inf))
    alone = Part(values.var(axis=1, ddof=1) / seeds, np.full(rows, seeds - 1.0))
    if pool is None or set(keys) - pool.by_seed.keys():
        return alone
    prior = pool.priors(methods, differences=False)
    shared = np.array([pool.by_seed[key] for key in keys])
    n, inside = len(pool.methods), np.isin(methods, pool.methods)
    own = (values - shared).var(axis=1, ddof=1) * n / np.where(inside, n - 1, n + 1)
    moderated, freedom = prior.moderate(own, seeds - 1)
    common, around = shared.var(ddof=1) / seeds, moderated * (n - 1) / n / seeds
    total = common + around
    spread = common**2 / (seeds - 1) + around**2 / freedom
    together = np.where(spread > 0, total**2 / np.where(spread > 0, spread, 1), np.inf)
    told = prior.freedom > 0
    return Part(np.where(told, total, alone.variance), np.where(told, together, alone.freedom))
