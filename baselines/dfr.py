"""Deep feature reweighting: keep the features, retrain the last layer on group-balanced data.

Kirichenko et al., "Last Layer Re-Training is Sufficient for Robustness to Spurious Correlations",
ICLR 2023, section 4: after training, a logistic regression on the penultimate features is fitted to
group-balanced subsets of held-out data, several times, and the coefficients are averaged.
Departures: the held-out data are part of train, not val, so that the method sees no more images
than others and the threshold is chosen on images it was not fitted to; the penalty is L2 of a fixed
strength, not a tuned L1; a subset takes up to `at_most` images of each cell, and all of a smaller
one, because the smallest cell often holds a single patient.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import Classifier, train_classifier


@method(groups_used="train")
@dataclass(frozen=True)
class DFR:
    """A network whose last layer is fitted anew to group-balanced images it was not trained on."""

    held_out: float = ranged(0.3, 0.05, 0.9)  # share of train kept for the last layer
    subsets: int = ranged(10, 1)  # balanced subsets whose last layers are averaged
    at_most: int = ranged(10, 1)  # images of a cell in a subset
    strength: float = ranged(0.1, 1e-6)  # C of the regression: smaller is a stronger penalty

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train on one part of train, then average last layers fitted to subsets of the other."""
        rng = ctx.rng("held out and balanced subsets")
        order = rng.permutation(len(train))
        kept = round(self.held_out * len(train))
        held_out = train.take(np.sort(order[:kept]))
        network = train_classifier(train.take(np.sort(order[kept:])), val, ctx)
        cells, _ = ctx.card.encode_cells(held_out.table)
        labels = ctx.card.encode_labels(held_out.table)
        features = network.features(held_out.images)
        mean, std = features.mean(0), features.std(0) + 1e-6
        layers = []
        for _ in range(self.subsets):
            rows = balanced_subset(cells, self.at_most, rng)
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


def balanced_subset(cells: np.ndarray, at_most: int, rng: np.random.Generator) -> np.ndarray:
    """Draw up to at_most rows of every cell without replacement."""
    drawn = [rng.permutation(np.flatnonzero(cells == c))[:at_most] for c in np.unique(cells)]
    return np.concatenate(drawn)
