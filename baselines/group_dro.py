"""Group distributionally robust optimisation: minimise the loss of the group that has it worst.

Sagawa et al., "Distributionally Robust Neural Networks for Group Shifts", ICLR 2020, algorithm 1:
group weights grow exponentially with the group's loss, and the loss is their weighted sum. As in
their experiments batches are drawn balanced over the groups, and a group is a cell (label x group).
Departures: the draw is limited as in group_resampling; only cells that occur in training have a
weight; a group loss is the mean over the batch's images of that group; the step size is five times
theirs, because a quick run has hundreds of steps, not tens of thousands. Their main finding, that
large networks need strong L2 or early stopping to gain from it, is met by selection on val only.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights


@method(groups_used="train")
@dataclass(frozen=True)
class GroupDRO:
    """The loss is a weighted sum of the cells' losses; cells that do badly gain weight."""

    step_size: float = ranged(0.05, 0)  # eta_q of algorithm 1: how fast group weights move
    limit: float = ranged(20.0, 1)  # as in group_resampling

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the standard classifier under the robust loss."""
        cells, _ = ctx.card.encode_cells(train.table)
        present, groups = np.unique(cells, return_inverse=True)
        robust = RobustLoss(torch.from_numpy(groups).to(ctx.device), len(present), self.step_size)
        weights = balanced_weights(cells, self.limit)
        return train_classifier(train, val, ctx, draw_weights=weights, batch_loss=robust)


class RobustLoss:
    """Algorithm 1's inner loop: update the group weights q, return the q-weighted loss."""

    def __init__(self, groups: Tensor, n_groups: int, step_size: float) -> None:
        self.groups = groups
        self.step_size = step_size
        self.q = torch.full((n_groups,), 1 / n_groups, device=groups.device)

    def __call__(self, losses: Tensor, rows: Tensor) -> Tensor:
        """Return sum_g q_g loss_g for one batch, after q has moved towards the worst groups."""
        # A product with the membership matrix: scattered sums are not repeatable on a GPU.
        member = functional.one_hot(self.groups[rows], len(self.q)).to(losses.dtype)
        mean = (losses @ member) / member.sum(0).clamp(min=1)
        self.q = self.q * torch.exp(self.step_size * mean.detach())
        self.q = self.q / self.q.sum()
        return (self.q * mean).sum()
