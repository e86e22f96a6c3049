"""Whether a probability means what it says."""

from __future__ import annotations

import numpy as np

from benchmark.metrics.performance import ratio

# Equal widths, so that every group, method and resample is measured with the same ruler; bins of
# equal mass would move with each. Ten, because a group may have 150 patients (design estimate).
BINS = 10


def stated_and_true(labels: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what was claimed, (n,) probability, and whether it came true, (n,) 0 or 1.

    Two classes: the probability of the positive class and whether the label is positive.
    More: the probability of the most probable class and whether that class is the label.
    """
    if probability.shape[1] == 2:
        return probability[:, 1], (labels == 1).astype(np.float64)
    top = probability.argmax(axis=1)
    return probability[np.arange(len(top)), top], (top == labels).astype(np.float64)


def expected_calibration_error(
    labels: np.ndarray, probability: np.ndarray, weights: np.ndarray, bins: int = BINS
) -> np.ndarray:
    """Mean over patients of |mean stated probability - share that came true| of their bin.

    labels: (n,); probability: (n, classes); weights: (resamples, n). Returns (resamples,), NaN
    where nothing weighs. Bins of equal width on [0, 1], closed on the left; 1 is in the last.
    Guo et al. 2017 (arXiv:1706.04599), equation 3, with the positive class's probability in
    place of the top class's for two classes (formula from memory; agrees with torchmetrics).
    """
    stated, true = stated_and_true(labels, probability)
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    excess = np.zeros((len(labels), bins))
    excess[np.arange(len(labels)), place] = stated - true
    return ratio(np.abs(weights @ excess).sum(axis=1), weights.sum(axis=1))
