"""How sure we are: bootstrap over patients, intervals over seeds, comparisons, tiers.

Draws are arrays whose last axis is 1 + resamples long: first the value as measured, then the
value under each bootstrap resample. Draws of several seeds are stacked to (seeds, 1 + resamples).
Draws that rest on the same patients and the same bootstrap seed are paired: column r of both
re-weighs the same patients in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

LEVEL = 0.95
# With more undefined resamples than this, the defined ones are no fair picture of the rest.
MOST_UNDEFINED = 0.05
FAR_SHAKIER = 20.0  # times the median row's variance between seeds (design estimate)
SMALLEST_STRATUM = 10  # patients; smaller cells are resampled together (design estimate)


def bootstrap_weights(
    patients: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
    strata: np.ndarray | None = None,
) -> np.ndarray:
    """Draw how often each image counts in each resample, (resamples, n), float64 whole numbers.

    patients: (n,) patient of each image; all images of a patient come and go together.
    strata: (n,) patients are redrawn within their stratum, that of their first image, so that
    each keeps its number of patients. The same patients, strata and seed give the same weights.
    """
    _, first, patient = np.unique(patients, return_index=True, return_inverse=True)
    stratum = np.zeros(len(first)) if strata is None else np.asarray(strata)[first]
    counts = np.zeros((resamples, len(first)))
    offsets = np.arange(resamples)[:, None]
    for value in np.unique(stratum):
        members = np.flatnonzero(stratum == value)
        drawn = rng.integers(len(members), size=(resamples, len(members)))
        flat = (drawn + offsets * len(members)).ravel()
        times = np.bincount(flat, minlength=resamples * len(members))
        counts[:, members] = times.reshape(resamples, len(members))
    return counts[:, patient]


def pool_small(strata: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    """Put the rows of strata with fewer than SMALLEST_STRATUM rows into one stratum per fallback.

    A stratum of one patient would never vary, and its interval would claim to be certain.
    strata, fallback: (n,) non-negative integers. Returns (n,) integers.
    """
    _, index, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    return np.where(sizes[index] < SMALLEST_STRATUM, -1 - fallback, strata)


def bootstrap_interval(
    draws: np.ndarray, limits: tuple[float, float] = (0.0, 1.0)
) -> tuple[float, float] | None:
    """Return the 95 % interval of one run's value, or None where too many resamples are undefined.

    draws: (1 + resamples,). The basic (reflected) bootstrap interval: a smallest or largest value
    over groups lies too low or too high by chance, resampling repeats that error, and reflecting
    takes it out. It is cut to the limits of the metric and always holds the value itself.
    """
    value, resampled = draws[0], draws[1:]
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or len(defined) == 0:
        return None
    if len(defined) < (1 - MOST_UNDEFINED) * len(resampled):
        return None
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return (
        float(min(value, np.clip(2 * value - high, *limits))),
        float(max(value, np.clip(2 * value - low, *limits))),
    )


@dataclass(frozen=True)
class SeedNoise:
    """How far seeds lie apart, pooled over the rows of a board that train the same network."""

    row: float  # variance between the seeds of one row
    row_freedom: float
    difference: float  # variance between seeds of the paired difference of two rows
    difference_freedom: float


def seed_noise(values: np.ndarray) -> SeedNoise | None:
    """Pool the variance between seeds over rows; None with fewer than two rows or seeds.

    values: (rows, seeds), every row on the same seeds. Two-way layout without replication
    (derived): what row and seed leave unexplained moves differences, its expectation being s2 for
    one value and 2 s2 for a difference; seed and rest together move a single row. Degrees of
    freedom (rows - 1)(seeds - 1) for the rest, after Satterthwaite for the sum. Rows far shakier
    than the rest are left out, so that one row cannot blur the others.
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
    """Say which rows are not far shakier than the median row, (rows,) of bool."""
    rest = values - values.mean(axis=1, keepdims=True)
    variance = ((rest - np.median(rest, axis=0)) ** 2).sum(axis=1)
    return np.asarray(variance <= FAR_SHAKIER * np.median(variance) + 1e-12)


@dataclass(frozen=True)
class _Mean:
    """A mean over seeds with what is needed for an interval or a test."""

    value: float
    centre: float  # the value less the bias that resampling shows
    error: float  # standard error
    freedom: float  # degrees of freedom of the error


def _mean_over_seeds(draws: np.ndarray, between: tuple[float, float] | None) -> _Mean:
    """Add up two sources of chance: which patients were tested, and which seed was trained.

    between: variance between seeds and its degrees of freedom, pooled over the board. The larger
    of it and these draws' own counts: with few seeds a row's own is often small by chance, and a
    row that is shakier than the others keeps its own. Both have told how far seeds lie apart, so
    their degrees of freedom are added: two seeds alone have one, and with one no difference is
    ever found. The patients' part is the bootstrap variance of the mean, the seeds' part the
    variance between seeds over their number. Patients also make seeds differ, so part of them
    counts twice: with two or three seeds that caution is needed (simulated in docs/scores.md).
    Degrees of freedom after Welch and Satterthwaite (derived), the patients' part taken as known.
    """
    draws = np.atleast_2d(np.asarray(draws, dtype=np.float64))
    value, resampled = draws[:, 0].mean(), draws[:, 1:].mean(axis=0)
    kept = ~np.isnan(resampled)
    if np.isnan(value) or kept.sum() < max(2, (1 - MOST_UNDEFINED) * len(kept)):
        return _Mean(float(value), np.nan, np.nan, np.nan)
    seeds = len(draws)
    own = float(draws[:, 0].var(ddof=1)) if seeds > 1 else 0.0
    variance, freedom = own, float(seeds - 1)
    if between is not None:
        variance, freedom = max(own, between[0]), seeds - 1 + between[1]
    patients, training = float(resampled[kept].var(ddof=1)), variance / seeds
    freedom = np.inf if training == 0 else freedom * ((patients + training) / training) ** 2
    centre = 2 * value - resampled[kept].mean()
    return _Mean(float(value), float(centre), float(np.sqrt(patients + training)), freedom)


def _quantile(freedom: float) -> float:
    return float(stdtrit(min(freedom, 1e9), (1 + LEVEL) / 2))


def seed_interval(
    draws: np.ndarray,
    limits: tuple[float, float] = (0.0, 1.0),
    noise: SeedNoise | None = None,
) -> tuple[float, float, float]:
    """Return mean over seeds, low and high of its 95 % interval, over patients and seeds.

    draws: (seeds, 1 + resamples). noise: pooled over the board; None: from these draws alone.
    NaN three times if any seed's value is undefined; low and high NaN without resamples. With one
    seed the interval holds for that trained model only. See docs/scores.md for how far two or
    three seeds carry.
    """
    between = (noise.row, noise.row_freedom) if noise else None
    return _interval(_mean_over_seeds(draws, between), limits)


def _interval(mean: _Mean, limits: tuple[float, float]) -> tuple[float, float, float]:
    half = _quantile(mean.freedom) * mean.error
    low, high = np.clip([mean.centre - half, mean.centre + half], *limits)
    return mean.value, float(np.minimum(mean.value, low)), float(np.maximum(mean.value, high))


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
    mean = _mean_over_seeds(a - b, between)
    p_value = _p_value(mean) if len(a) > 1 else float("nan")
    return Comparison(*_interval(mean, (-1.0, 1.0)), p_value)


def _p_value(mean: _Mean) -> float:
    if np.isnan(mean.error):
        return float("nan")
    if mean.value * mean.centre <= 0:  # the sign itself is in doubt
        return 1.0
    if mean.error == 0:
        return 0.0
    return float(2 * stdtr(min(mean.freedom, 1e9), -abs(mean.centre) / mean.error))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number by Holm's step-down rule, (tests,) to (tests,).

    Holm 1979, Scand. J. Statist. 6:65 (from memory): the smallest is multiplied by m, the next
    by m - 1, ..., none below the one before, none above 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def tiers(
    rows: Mapping[str, np.ndarray],
    better: Literal["higher", "lower"] = "higher",
    noise: SeedNoise | None = None,
) -> dict[str, int | None]:
    """Sort rows into tiers, 1 being the best; rows: name to (seeds, 1 + resamples), all paired.

    A tier begins with the best row that is left and reaches down to the last row that cannot be
    told from it at 5 % after Holm's adjustment; so no row has a better tier than one above it. An
    undefined row has no tier, and with one seed there are none.
    """
    sign = 1 if better == "higher" else -1
    means = {name: sign * float(np.atleast_2d(row)[:, 0].mean()) for name, row in rows.items()}
    result: dict[str, int | None] = dict.fromkeys(rows)
    if all(len(np.atleast_2d(row)) < 2 for row in rows.values()):
        return result
    left = sorted((n for n in rows if not np.isnan(means[n])), key=lambda n: (-means[n], n))
    tier = 0
    while left:
        tier += 1
        best, rest = left[0], left[1:]
        adjusted = holm(np.array([compare(rows[best], rows[n], noise).p_value for n in rest]))
        alike = np.flatnonzero(~(adjusted < 1 - LEVEL))  # what cannot be compared is not apart
        end = 2 + int(alike[-1]) if len(alike) else 1
        result.update(dict.fromkeys(left[:end], tier))
        left = left[end:]
    return result
