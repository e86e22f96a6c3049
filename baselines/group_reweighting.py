"""Group reweighting: every cell (label x group) contributes equally to the loss.

Importance weighting of the loss (Shimodaira, "Improving predictive inference under covariate
shift", J. Stat. Plan. Inference 2000), with weights inverse to the size of an image's cell. It is
to group_resampling what weighting is to drawing: the same expectation, other noise. Departure:
weights are limited as in group_resampling, for the same reason.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights


@method(groups_used="train")
@dataclass(frozen=True)
class GroupReweighting:
    """Images are drawn as they come; their losses are weighted inverse to their cell's size."""

    limit: float = ranged(20.0, 1)  # the largest weight, in units of the smallest

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train with weighted losses; weights average 1, so the step size keeps its meaning."""
        cells, _ = ctx.card.encode_cells(train.table)
        weights = balanced_weights(cells, self.limit) * len(cells)
        on_device = torch.from_numpy(weights).float().to(ctx.device)

        def weighted(losses: Tensor, rows: Tensor) -> Tensor:
            return (losses * on_device[rows]).mean()

        return train_classifier(train, val, ctx, batch_loss=weighted)
