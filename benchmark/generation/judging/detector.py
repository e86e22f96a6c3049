"""Can a linear classifier of the judge's features tell drawn images and real ones apart?"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.metrics.generation.evidence import Detection, Sample

FOLDS = 5  # every image is judged by a classifier that has learned from the others
PENALTY = 0.1  # inverse strength: some hundred images, about a hundred features
STEPS = 1000  # of the solver, at most


def detect(real: Sample, drawn: Sample, rng: np.random.Generator) -> Detection:
    """Return what classifiers that have not seen an image say of it, of equally many of both."""
    n = min(len(real.features), len(drawn.features))
    rows = [rng.permutation(len(kind.features))[:n] for kind in (real, drawn)]
    features = np.concatenate([real.features[rows[0]], drawn.features[rows[1]]])
    truth = np.repeat([0, 1], n)
    folds = StratifiedKFold(min(FOLDS, n), shuffle=True, random_state=int(rng.integers(2**31)))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=STEPS))
    said = cross_val_predict(classifier, features, truth, cv=folds, method="predict_proba")
    labels = [
        kind.table["label"].to_numpy()[own] for kind, own in zip((real, drawn), rows, strict=True)
    ]
    return Detection(drawn=truth, score=said[:, 1], labels=np.concatenate(labels))
