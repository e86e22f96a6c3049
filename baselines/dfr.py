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
- The strength has the lowest weighted cross-entropy in cross-validation, where the paper takes the
  best worst-group accuracy on half of val: that of a cell of one patient is 0 or 1.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from benchmark import Predictor, Split, method, ranged
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
    folds: int = ranged(5, 2, 20)  # of the cross-validation that chooses the penalty

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train on one part of train, then fit a last layer to the other."""
        rng = ctx.rng("held out and balanced subsets")
        order = rng.permutation(len(train))
        kept = round(self.held_out * len(train))
        held_out = train.take(np.sort(order[:kept]))
        network = train_classifier(train.take(np.sort(order[kept:])), val, ctx)
        cells, _ = ctx.card.encode_cells(held_out.table)
        features = network.features(held_out.images)
        mean, std = features.mean(0), features.std(0) + 1e-6
        patients = HeldOut(
            (features - mean) / std,
            ctx.card.encode_labels(held_out.table),
            len(cells) * balanced_weights(cells, self.limit),
        )
        seed = int(rng.integers(2**31))
        strength = patients.best_strength(deal_folds(cells, self.folds, rng), seed)
        layer = patients.fitted(strength, seed)
        ctx.say(f"last layer: C = {strength:g}, {np.mean(layer[:, :-1] != 0):.0%} of weights used")
        return LastLayer(network, mean, std, layer)


@dataclass(frozen=True)
class HeldOut:
    """What the last layer learns from: features (n, width), labels (n,), weights (n,) of mean 1."""

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray

    def take(self, rows: np.ndarray) -> "HeldOut":
        """Return the given patients."""
        return HeldOut(self.features[rows], self.labels[rows], self.weights[rows])

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

    def best_strength(self, folds: np.ndarray, seed: int) -> float:
        """Return the strength with the lowest weighted cross-entropy on left-out folds, (n,)."""
        return min(STRENGTHS, key=lambda strength: self._left_out_loss(strength, folds, seed))

    def _left_out_loss(self, strength: float, folds: np.ndarray, seed: int) -> float:
        loss = 0.0
        for fold in np.unique(folds):
            rest, out = self.take(folds != fold), self.take(folds == fold)
            if len(np.unique(rest.labels)) < len(np.unique(self.labels)):
                continue  # a class whose only patient is left out cannot be learned
            probability = probabilities(out.features, rest.fitted(strength, seed))
            place = np.searchsorted(np.unique(self.labels), out.labels)
            right = probability[np.arange(len(place)), place]
            loss -= float(out.weights @ np.log(np.maximum(right, 1e-12)))
        return loss


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


def deal_folds(cells: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Deal patients to folds 0 to n - 1, (n,), so that those of a cell are spread over them."""
    shuffled = rng.permutation(len(cells))
    in_order = shuffled[np.argsort(cells[shuffled], kind="stable")]
    folds = np.empty(len(cells), np.int64)
    folds[in_order] = np.arange(len(cells)) % n
    return folds
