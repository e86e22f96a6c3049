"""The one standard classifier: a new one, and what a trained one is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import timm
import torch
from timm.layers import ConvNormAct
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

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
        with norms_folded(self.network):
            for start in range(0, len(images), PREDICT_BATCH):
                batch = to_tensor(images[start : start + PREDICT_BATCH], self.device)
                batch = normalise(batch, self.mean, self.std)
                parts.append(function(batch).float().cpu().numpy())
        return np.concatenate(parts)


@contextmanager
def norms_folded(network: nn.Module) -> Iterator[None]:
    """Let a trained network compute the same with fewer passes over its pictures, up to rounding.

    Batch statistics are fixed by now: they go into the weights of the convolution before them,
    inside this context alone. So the network stays what it is, and may be changed between calls.
    """
    parts: list[Any] = [part for part in network.modules() if _foldable(part)]
    pairs = [(part, part.conv, part.bn) for part in parts]
    try:
        for part, conv, norm in pairs:
            part.conv = fuse_conv_bn_eval(conv, norm)
            part.bn = nn.Sequential(norm.drop, norm.act)
        yield
    finally:
        for part, conv, norm in pairs:
            part.conv, part.bn = conv, norm


def _foldable(part: nn.Module) -> bool:
    return isinstance(part, ConvNormAct) and isinstance(part.bn, nn.BatchNorm2d)


def new_network(channels: int, ctx: RunContext, stage: str) -> nn.Module:
    """Make the preset's network with weights that hang on seed and stage alone, ready to train."""
    torch.manual_seed(int(ctx.rng(f"{stage}: weights").integers(2**62)))
    classes = len(ctx.card.classes)
    network = timm.create_model(ctx.classifier.backbone, in_chans=channels, num_classes=classes)
    return network.to(ctx.device).to(memory_format=torch.channels_last).train()
