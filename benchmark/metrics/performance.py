"""How well the question is answered: pure functions of labels, probabilities and weights.

Every metric here takes weights of shape (resamples, n), one row per bootstrap resample, and
returns shape (resamples,). Plain values are those of one row of ones. Undefined is NaN.
"""

from __future__ import annotations

import numpy as np

SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)  # what a float32 softmax can resolve


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average values (n,) under each row of weights (resamples, n); NaN where nothing weighs."""
    return ratio(weights @ values, weights.sum(axis=1))


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide, giving NaN (and no warning) where the denominator is 0."""
    undefined = denominator == 0
    return np.where(undefined, np.nan, numerator / np.where(undefined, 1, denominator))


def predict(probability: np.ndarray, threshold: float | None) -> np.ndarray:
    """Turn probabilities (n, classes) into class indices (n,).

    Two classes: the last one where its probability is at least the threshold. Threshold None,
    the rule for more classes: the most probable class, the first of equals.
    """
    if threshold is None:
        return probability.argmax(axis=1)
    return (probability[:, 1] >= threshold).astype(np.int64)


def choose_threshold(labels: np.ndarray, probability: np.ndarray) -> float:
    """Choose the threshold on the positive class's probability with the best balanced accuracy.

    labels: (n,) of 0 and 1; probability: (n,) of the positive class; "positive" is
    probability >= threshold. All thresholds in a gap between two neighbouring probabilities
    answer alike, so the middle of a gap is taken; of equally good gaps the widest, then the one
    nearest to 0.5, then the lowest. With one class only there is nothing to weigh: 0.5.
    """
    positive = np.asarray(labels) == 1
    if positive.all() or not positive.any():
        return 0.5
    values, index = np.unique(np.asarray(probability, dtype=np.float64), return_inverse=True)
    edges = np.concatenate([[0.0], values, [1.0]])
    positives = np.bincount(index, positive, len(values))
    negatives = np.bincount(index, ~positive, len(values))
    found = positive.sum() - np.concatenate([[0], np.cumsum(positives)])
    spared = np.concatenate([[0], np.cumsum(negatives)])
    # In whole numbers, so that equally good gaps are exactly equal.
    merit = found * (~positive).sum() + spared * positive.sum()
    low, high = edges[:-1], edges[1:]
    middle = low + (high - low) / 2
    middle = np.where(middle > low, middle, high)  # neighbouring floats have no middle
    order = np.lexsort((np.abs(middle - 0.5), low - high, -merit))
    return float(middle[order[0]])


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
    if len(score) == 0:
        return np.full(len(weights), np.nan)
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    sorted_weights = weights[:, order]
    positives = np.add.reduceat(sorted_weights * positive[order], starts, axis=1)
    negatives = np.add.reduceat(sorted_weights * ~positive[order], starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives / 2
    wins = np.einsum("rn,rn->r", positives, below)
    return ratio(wins, positives.sum(axis=1) * negatives.sum(axis=1))


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
