"""Deep feature reweighting: keep the features, retrain the last layer on group-balanced data.

Kirichenko et al., "Last Layer Re-Training is Sufficient for Robustness to Spurious Correlations",
ICLR 2023, section 4 (DFR trained on validation data): after ERM a logistic regression on the
penultimate features is fitted to group-balanced subsets of held-out data, several times, and the
coefficients are averaged. Departures: the penalty is L2 with a fixed strength instead of L1 tuned
on half of val, and a subset takes at least `at_least` images from every cell that has as many,
because val has cells with a single patient.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from benchmark import Predictor, Split, method
from benchmark.context import RunContext
from benchmark.contracts import GroupsUsed
from benchmark.training import Classifier, train_classifier


@method
@dataclass(frozen=True)
class DFR:
    """An ERM network whose last layer is fitted anew to group-balanced images of val."""

    subsets: int = 10  # balanced subsets whose last layers are averaged
    at_least: int = 10  # images of a cell in a subset, where the cell has as many
    strength: float = 0.1  # C of the logistic regression: smaller is a stronger penalty

    groups_used: ClassVar[GroupsUsed] = "train"

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train by ERM, then average last layers fitted to balanced subsets of val."""
        network = train_classifier(train, val, ctx)
        cells, _ = ctx.card.encode_cells(val.table)
        labels = ctx.card.encode_labels(val.table)
        features = network.features(val.images)
        mean, std = features.mean(0), features.std(0) + 1e-6
        rng = ctx.rng("balanced subsets")
        layers = []
        for _ in range(self.subsets):
            rows = balanced_subset(cells, self.at_least, rng)
            regression = LogisticRegression(C=self.strength, max_iter=1000)
            regression.fit((features[rows] - mean) / std, labels[rows])
            layers.append(np.column_stack([regression.coef_, regression.intercept_]))
        return LastLayer(network, mean, std, np.mean(layers, axis=0))


@dataclass(frozen=True)
class LastLayer:
    """A network's features under a linear layer: (rows, width + 1), bias last."""

    network: Classifier
    mean: np.ndarray
    std: np.ndarray
    layer: np.ndarray

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        features = (self.network.features(images) - self.mean) / self.std
        logits = features @ self.layer[:, :-1].T + self.layer[:, -1]
        if logits.shape[1] == 1:  # two classes share one row: the log-odds of the second
            logits = np.column_stack([np.zeros(len(logits)), logits])
        return softmax(logits, axis=1)


def balanced_subset(cells: np.ndarray, at_least: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows without replacement, equally many of every cell as far as they go."""
    present, counts = np.unique(cells, return_counts=True)
    level = max(int(counts.min()), at_least)
    return np.concatenate(
        [rng.permutation(np.flatnonzero(cells == cell))[:level] for cell in present]
    )
