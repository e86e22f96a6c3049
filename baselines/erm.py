"""Empirical risk minimisation: train on the data as it comes, and hope.

Vapnik, "Principles of Risk Minimization for Learning Theory", NeurIPS 1991. The reference that
every debiasing method has to beat; on many benchmarks few do.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, method
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier


@method(groups_used="never")
@dataclass(frozen=True)
class ERM:
    """The mean cross-entropy over the training set, every image counted once."""

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the standard classifier as it is."""
        return train_classifier(train, val, ctx)
