"""Who is answered worse: everything here follows from one table of counts per group.

The table is the confusion matrix of every group under every resample, with shape
(resamples, groups, true class, predicted class). A group or cell without images gives NaN, and
whatever is computed over it is NaN too: a maximum over groups never skips one in silence.
"""

from __future__ import annotations

import numpy as np

from benchmark.metrics.performance import ratio


def confusion(
    labels: np.ndarray,
    predicted: np.ndarray,
    groups: np.ndarray,
    shape: tuple[int, int],
    weights: np.ndarray,
) -> np.ndarray:
    """Count answers: (resamples, groups, true class, predicted class).

    labels, predicted, groups: (n,) indices of images or of kinds of images that are alike; shape:
    how many groups and classes there are, also those that nobody has; weights: (resamples, n).
    """
    n_groups, n_classes = shape
    place = (groups * n_classes + labels) * n_classes + predicted
    member = np.zeros((len(labels), n_groups * n_classes * n_classes))
    member[np.arange(len(labels)), place] = 1
    return (weights @ member).reshape(-1, n_groups, n_classes, n_classes)


def answer_rates(counts: np.ndarray) -> np.ndarray:
    """Share of each answer among patients of one true class and group; shape as counts."""
    return ratio(counts, counts.sum(axis=-1, keepdims=True))


def cell_accuracy(counts: np.ndarray) -> np.ndarray:
    """Share answered correctly per group and label, (resamples, groups, classes)."""
    return np.diagonal(answer_rates(counts), axis1=-2, axis2=-1)


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Share answered correctly per group, (resamples, groups)."""
    right = np.trace(counts, axis1=-2, axis2=-1)
    return ratio(right, counts.sum(axis=(-2, -1)))


def balanced_accuracy(counts: np.ndarray) -> np.ndarray:
    """Mean over labels of the share answered correctly, (resamples, groups)."""
    return cell_accuracy(counts).mean(axis=-1)


def sensitivity(counts: np.ndarray) -> np.ndarray:
    """Share of positives whose answer is positive per group, two classes: (resamples, groups)."""
    return cell_accuracy(counts)[:, :, 1]


def specificity(counts: np.ndarray) -> np.ndarray:
    """Share of negatives whose answer is negative per group, two classes: (resamples, groups)."""
    return cell_accuracy(counts)[:, :, 0]


def selection_rate(counts: np.ndarray) -> np.ndarray:
    """Share of positive answers per group, two classes: (resamples, groups)."""
    return selection_rates(counts)[:, :, 1]


def every_group(values: np.ndarray) -> np.ndarray:
    """Return the groups' values as they are: the worst of them is looked for."""
    return values


def selection_rates(counts: np.ndarray) -> np.ndarray:
    """Share of each answer among all patients of a group, (resamples, groups, classes)."""
    answers = counts.sum(axis=-2)
    return ratio(answers, answers.sum(axis=-1, keepdims=True))


def gap(values: np.ndarray) -> np.ndarray:
    """Best minus worst over groups: (resamples, groups, ...) to (resamples, ...).

    NaN where any group is NaN.
    """
    return values.max(axis=1) - values.min(axis=1)


def equalized_odds_difference(counts: np.ndarray) -> np.ndarray:
    """Largest gap over groups in P(answer | true class), over all answers and true classes.

    For two classes this is the larger of the gaps in true and false positive rate
    (Hardt et al. 2016, arXiv:1610.02413; the multi-class form is the same criterion, derived).
    """
    return gap(answer_rates(counts)).max(axis=(-2, -1))


def demographic_parity_difference(counts: np.ndarray) -> np.ndarray:
    """Largest gap over groups in P(answer), over all answers (two classes: the selection rate)."""
    return gap(selection_rates(counts)).max(axis=-1)
