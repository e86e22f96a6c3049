"""Oracle: the same classifier on as many patients, had they been recruited without bias.

The ceiling for debiasing with this much data and this network; only a digital cohort can make it.
What gap is left here is anatomy and noise, not the bias of the training set. Its val is recruited
without bias too, and so its threshold is chosen there. oracle_biased_val has the same training set
and the val of everybody else.
"""

from dataclasses import dataclass

import numpy as np

from benchmark import Predictor, Split, method
from benchmark.api.context import RunContext
from benchmark.generation.patient_requests import recruit_evenly
from benchmark.training.classifier import Classifier, train_classifier


@method(groups_used="train", extra_data="digital_cohort")
@dataclass(frozen=True)
class Oracle:
    """ERM on a new cohort of the same size with equally many patients in every cell."""

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Recruit balanced train and val cohorts of the given sizes, then train as ERM does."""
        balanced_train = recruit_evenly(ctx, len(train), place=0)
        balanced_val = recruit_evenly(ctx, len(val), place=1)
        network = train_classifier(balanced_train, balanced_val, ctx)
        return Recruited(network, balanced_val)


@dataclass(frozen=True)
class Recruited:
    """A network, and the patients that its threshold is chosen on."""

    network: Classifier
    val: Split

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self.network.predict_proba(images)
