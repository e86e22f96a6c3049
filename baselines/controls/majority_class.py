"""Majority class: answers the same for every patient. The floor.

Its worst-group accuracy is 0 and its gap is 0: the reminder that a small gap alone is no merit.
"""

from dataclasses import dataclass

import numpy as np

from benchmark import Predictor, Split, method
from benchmark.api.context import RunContext


@method(groups_used="never")
@dataclass(frozen=True)
class MajorityClass:
    """Every image gets the class frequencies of the training set."""

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Count the classes."""
        labels = ctx.card.encode_labels(train.table)
        counts = np.bincount(labels, minlength=len(ctx.card.classes))
        ctx.count_steps(0)  # nothing is trained
        return Constant(counts / counts.sum())


@dataclass(frozen=True)
class Constant:
    """The same probabilities for every image."""

    probability: np.ndarray

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return the same row for every image, shape (n, classes)."""
        return np.tile(self.probability, (len(images), 1))
