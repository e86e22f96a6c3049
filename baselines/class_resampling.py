"""Class resampling: draw every class equally often, whoever its patients are.

Japkowicz, "The Class Imbalance Problem: Significance and Strategies", ICAI 2000. It separates
what balancing the classes gives from what balancing the groups gives.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights


@method(groups_used="never")
@dataclass(frozen=True)
class ClassResampling:
    """Images are drawn with probability inverse to the size of their class."""

    limit: float = ranged(20.0, 1)  # how much oftener than the commonest class's one is drawn

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train on class-balanced batches."""
        labels = ctx.card.encode_labels(train.table)
        weights = balanced_weights(labels, self.limit)
        return train_classifier(train, val, ctx, draw_weights=weights)
