"""Mixup: the network is trained on mixtures of two images and of their labels.

Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018, equation 2. Departure: one
mixing share per batch, as in the authors' code.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier


@method(groups_used="never")
@dataclass(frozen=True)
class Mixup:
    """Every image is mixed with another one of its batch, and so are their labels."""

    alpha: float = ranged(0.2, 0.01, 10)  # of the Beta distribution of shares: larger mixes more

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the standard classifier on mixtures."""
        shares, partners = ctx.rng("mixup: shares"), ctx.torch_rng("mixup: partners")

        def loss(network: nn.Module, images: Tensor, labels: Tensor, rows: Tensor) -> Tensor:
            share = float(shares.beta(self.alpha, self.alpha))
            other = torch.randperm(len(images), generator=partners).to(images.device)
            logits = network(share * images + (1 - share) * images[other]).float()
            first, second = cross_entropy(logits, labels), cross_entropy(logits, labels[other])
            return share * first + (1 - share) * second

        return train_classifier(train, val, ctx, loss=loss)
