"""The one standard classifier: a new one, and what a trained one is asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import timm
import torch
from torch import Tensor, nn

from benchmark.api.context import RunContext
from benchmark.training.augmentation import normalise, to_tensor

PREDICT_BATCH = 256


class Classifier:
    """A trained network: images in, probabilities or features out, always in float32."""

    def __init__(self, network: nn.Module, mean: Tensor, std: Tensor, device: torch.device) -> None:
        self.network = network.eval()
        self.mean = mean
        self.std = std
        self.device = device

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self._in_batches(images, lambda x: self.network(x).softmax(1))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return what the last layer sees, shape (n, width)."""

        def penultimate(x: Tensor) -> Tensor:
            return self.network.forward_head(self.network.forward_features(x), pre_logits=True)  # type: ignore[operator]

        return self._in_batches(images, penultimate)

    @torch.inference_mode()
    def _in_batches(self, images: np.ndarray, function: Callable[[Tensor], Tensor]) -> np.ndarray:
        parts = []
        for start in range(0, len(images), PREDICT_BATCH):
            batch = to_tensor(images[start : start + PREDICT_BATCH], self.device)
            batch = normalise(batch, self.mean, self.std)
            parts.append(function(batch).float().cpu().numpy())
        return np.concatenate(parts)


def new_network(channels: int, ctx: RunContext, stage: str) -> nn.Module:
    """Make the preset's network with weights that hang on seed and stage alone, ready to train."""
    torch.manual_seed(int(ctx.rng(f"{stage}: weights").integers(2**62)))
    classes = len(ctx.card.classes)
    network = timm.create_model(ctx.classifier.backbone, in_chans=channels, num_classes=classes)
    return network.to(ctx.device).to(memory_format=torch.channels_last).train()
