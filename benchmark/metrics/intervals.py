"""The interval of one run: a bootstrap over test patients.

Draws are arrays whose last axis is 1 + resamples long: first the value as measured, then the
value under each bootstrap resample. Draws that rest on the same patients and the same bootstrap
seed are paired: column r of both re-weighs the same patients in the same way.
"""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
# With more undefined resamples than this, the defined ones do not represent the others.
MOST_UNDEFINED = 0.05
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


def never_varies(draws: np.ndarray) -> bool:
    """Say whether all resamples that are defined give the same value; draws: (..., 1 + resamples).

    So it is where every answer of a cell is right, or every one wrong: resampling shows no doubt.
    """
    resampled = draws[..., 1:]
    if resampled.shape[-1] == 0:
        return False
    return bool((np.fmin.reduce(resampled, axis=-1) == np.fmax.reduce(resampled, axis=-1)).all())


def exact_interval(share: float, patients: int) -> tuple[float, float] | None:
    """Return the exact 95 % interval of a share of 0 or 1 among so many patients, else None.

    Clopper and Pearson, Biometrika 1934, 26:404. Of 8 patients who all got a wrong answer, the
    accuracy is 0 to 37 %.
    """
    if patients < 1 or share not in (0.0, 1.0):
        return None
    edge = ((1 - LEVEL) / 2) ** (1 / patients)
    return (edge, 1.0) if share == 1.0 else (0.0, 1 - edge)


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
