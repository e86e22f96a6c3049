"""Deep feature reweighting: keep the features, retrain the last layer on level held-out cells.

Kirichenko et al., "Last Layer Re-Training is Sufficient for Robustness to Spurious Correlations",
ICLR 2023 (arXiv 2204.02937): plain training, then a logistic regression with an L1 penalty on the
standardised penultimate features of group-balanced held-out data; its strength is tuned, in the
authors' code over the values of STRENGTHS (dfr_evaluate_spurious.py). Departures:
- The held-out data are part of train, not val, so that the method sees no more images than others
  and epoch and threshold are chosen on images that the last layer was not fitted to.
- All held-out patients take part, weighted so that every cell counts the same, where the paper
  averages fits to subsets as small as the smallest cell: here that often holds a single patient. No
  weight is more than `limit` times another.
- The strength has the lowest cross-entropy on val, cells weighted in the same way, where the paper
  takes the best worst-group accuracy on half of val: that of a cell of one patient is 0 or 1. We
  tried cross-validation within the held-out patients as well: with so few patients in rare cells it
  often chose too strong a penalty (docs/results/choices.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from benchmark import Predictor, Split, method, ranged
from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.training.classifier import Classifier, train_classifier
from benchmark.training.sampling_weights import balanced_weights

STRENGTHS = (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01)  # C of the regression: smaller penalises more


@method(groups_used="train")
@dataclass(frozen=True)
class DFR:
    """A network whose last layer is fitted anew to images it was not trained on, cells level."""

    held_out: float = ranged(0.3, 0.05, 0.9)  # share of train kept for the last layer
    limit: float = ranged(20.0, 1)  # a patient weighs at most so many times another

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train on one part of train, then fit a last layer to the other."""
        rng = ctx.rng("held out and balanced subsets")
        order = rng.permutation(len(train))
        kept = round(self.held_out * len(train))
        held_out = train.take(np.sort(order[:kept]))
        network = train_classifier(train.take(np.sort(order[kept:])), val, ctx)
        features, seen = network.features(held_out.images), network.features(val.images)
        mean, std = features.mean(0), features.std(0) + 1e-6
        patients = self.weighted((features - mean) / std, held_out, ctx.card)
        judges = self.weighted((seen - mean) / std, val, ctx.card)
        seed = int(rng.integers(2**31))
        layers = {strength: patients.fitted(strength, seed) for strength in STRENGTHS}
        strength = min(STRENGTHS, key=lambda one: judges.loss(layers[one]))
        layer = layers[strength]
        ctx.say(f"last layer: C = {strength:g}, {np.mean(layer[:, :-1] != 0):.0%} of weights used")
        return LastLayer(network, mean, std, layer)

    def weighted(self, features: np.ndarray, split: Split, card: TaskCard) -> WeightedPatients:
        """Return patients as the last layer sees them: every cell weighs the same, up to limit."""
        cells, _ = card.encode_cells(split.table)
        weights = len(cells) * balanced_weights(cells, self.limit)
        return WeightedPatients(features, card.encode_labels(split.table), weights)


@dataclass(frozen=True)
class WeightedPatients:
    """Standardised features (n, width), labels (n,) and weights (n,) of mean 1.

    A last layer is fitted to some, and compared with others by their loss.
    """

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray

    def fitted(self, strength: float, seed: int) -> np.ndarray:
        """Return the weighted regression's layer, (rows, width + 1), bias last.

        Two classes share one row, the log-odds of the second; of more, each has a row against the
        others.
        """
        classes = np.unique(self.labels)
        regression = LogisticRegression(
            C=strength, l1_ratio=1.0, solver="liblinear", max_iter=1000, random_state=seed
        )
        rows = []
        for one in classes[1:] if len(classes) == 2 else classes:
            regression.fit(self.features, self.labels == one, self.weights)
            rows.append(np.concatenate([regression.coef_[0], regression.intercept_]))
        return np.array(rows)

    def loss(self, layer: np.ndarray) -> float:
        """Return the weighted mean cross-entropy of a layer, (rows, width + 1)."""
        probability = probabilities(self.features, layer)
        right = probability[np.arange(len(self.labels)), self.labels]
        return float(-(self.weights * np.log(np.maximum(right, 1e-12))).mean())


@dataclass(frozen=True)
class LastLayer:
    """A network's features under a linear layer: (rows, width + 1), bias last."""

    network: Classifier
    mean: np.ndarray
    std: np.ndarray
    layer: np.ndarray

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return probabilities((self.network.features(images) - self.mean) / self.std, self.layer)


def probabilities(features: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """Return class probabilities, (n, classes), of a layer, (rows, width + 1)."""
    logits = features @ layer[:, :-1].T + layer[:, -1]
    if logits.shape[1] == 1:  # two classes share one row: the log-odds of the second
        logits = np.column_stack([np.zeros(len(logits)), logits])
    return softmax(logits, axis=1)
