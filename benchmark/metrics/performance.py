"""How well the question is answered: pure functions of labels, probabilities and weights.

Every metric here takes weights of shape (resamples, n), one row per bootstrap resample, and
returns shape (resamples,). Plain values are those of one row of ones. Undefined is NaN.
"""

from __future__ import annotations

import numpy as np

from benchmark.metrics.decision import SMALLEST_PROBABILITY


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average values (n,) under each row of weights (resamples, n); NaN where nothing weighs."""
    return ratio(weights @ values, weights.sum(axis=1))


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, giving NaN (and no warning) where the denominator is 0."""
    undefined = denominator == 0
    return np.where(undefined, np.nan, numerator / np.where(undefined, 1, denominator))


def auroc(labels: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve; for more than two classes the mean of one class against the rest.

    labels: (n,) class indices; probability: (n, classes); weights: (resamples, n).
    NaN for a resample in which a class has no weight.
    """
    classes = probability.shape[1]
    scored = [1] if classes == 2 else range(classes)
    areas = [area_under_roc(labels == c, probability[:, c], weights) for c in scored]
    return np.mean(areas, axis=0)


def area_under_roc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted share of (positive, negative) pairs in which the positive scores higher.

    A tie counts one half (Mann-Whitney form). positive: (n,) bool; score: (n,);
    weights: (resamples, n). One sort serves all resamples.
    """
    order = np.argsort(score, kind="stable")
    found, spared = order[positive[order]], order[~positive[order]]
    gained, lost = weights[:, found], weights[:, spared]
    below = np.zeros((len(weights), len(spared) + 1))
    np.cumsum(lost, axis=1, out=below[:, 1:])
    start = np.searchsorted(score[spared], score[found], "left")
    end = np.searchsorted(score[spared], score[found], "right")
    wins = np.einsum("rn,rn->r", gained, below[:, start])
    if (start != end).any():
        wins = (wins + np.einsum("rn,rn->r", gained, below[:, end])) / 2
    return ratio(wins, gained.sum(axis=1) * below[:, -1])


def brier_losses(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Half the squared distance to the truth per row, (n,): 0 to 1 for any number of classes.

    The half makes the two-class value the familiar (p - y) squared.
    """
    truth = np.eye(probability.shape[1])[labels]
    return ((probability - truth) ** 2).sum(axis=1) / 2


def log_losses(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Negative log probability of the truth per row, (n,), in nats, cut at float32's resolution."""
    given = probability[np.arange(len(labels)), labels]
    return -np.log(np.clip(given, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


def brier(labels: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of brier_losses; labels (n,), probability (n, classes), weights (resamples, n)."""
    return weighted_mean(brier_losses(labels, probability), weights)


def log_loss(labels: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of log_losses; labels (n,), probability (n, classes), weights (resamples, n)."""
    return weighted_mean(log_losses(labels, probability), weights)
