"""How far the choice of test patients moves values: one covariance for all rows of a board."""

from __future__ import annotations

import numpy as np

from benchmark.metrics.intervals import MOST_UNDEFINED


def patients_covariance(draws: np.ndarray) -> np.ndarray:
    """Return how the test patients move the rows' means over seeds together, (rows, rows).

    draws: (rows, seeds, 1 + resamples), paired. All trainings answer for the same patients, so the
    covariance over resamples between *different* seeds is the patients' part alone: what patients
    and one training do together differs from seed to seed, and the variance between seeds holds
    it. So nothing counts twice. Where each seed tests other patients it comes out near 0, and the
    variance between seeds holds all. With one seed it is that model's own. NaN for a row with too
    many undefined resamples, or none.
    """
    centred = _centred(draws[:, :, 1:])
    rows, seeds, resamples = centred.shape
    whole, each = centred.sum(axis=1), centred.reshape(rows, seeds * resamples)
    of_all, of_each = whole @ whole.T, each @ each.T
    pairs = seeds * (seeds - 1)
    covariance = (of_all - of_each) / pairs if pairs else of_all
    return np.asarray(covariance / max(resamples - 1, 1))


def patients_variances(draws: np.ndarray) -> np.ndarray:
    """Return the diagonal of patients_covariance, (rows,)."""
    centred = _centred(draws[:, :, 1:])
    _, seeds, resamples = centred.shape
    of_all, of_each = (centred.sum(axis=1) ** 2).sum(axis=1), (centred**2).sum(axis=(1, 2))
    pairs = seeds * (seeds - 1)
    return np.asarray(((of_all - of_each) / pairs if pairs else of_all) / max(resamples - 1, 1))


def difference_variance(covariance: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the patients' part of the variance of rows a less rows b, (m,), none below 0."""
    own = np.diagonal(covariance)
    return np.maximum(own[a] + own[b] - 2 * covariance[a, b], 0)


def _centred(resampled: np.ndarray) -> np.ndarray:
    """Take out the mean of each run's resamples; undefined ones count as the mean."""
    defined = ~np.isnan(resampled)
    kept = defined.sum(axis=2, keepdims=True)
    mean = np.where(defined, resampled, 0).sum(axis=2, keepdims=True) / np.maximum(kept, 1)
    centred = np.where(defined, resampled - mean, 0.0)
    enough = kept >= max(2.0, (1 - MOST_UNDEFINED) * resampled.shape[2])
    return np.where(enough, centred, np.nan)
