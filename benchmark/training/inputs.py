"""The training images, on the device if they fit, as batches that a network can read."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.training.augmentation import augment, normalise, to_tensor

RESIDENT_BYTES = 2 * 2**30  # training images up to this size are kept on the device


class TrainingData:
    """A split's images, (n, channels, height, width), labels, and mean and std of the channels."""

    def __init__(self, train: Split, ctx: RunContext) -> None:
        self.device = ctx.device
        self.labels = torch.from_numpy(ctx.card.encode_labels(train.table)).to(ctx.device)
        resident = train.images.nbytes <= RESIDENT_BYTES
        self.images = to_tensor(train.images, ctx.device) if resident else train.images
        mean, std = _channel_statistics(train.images)
        self.mean, self.std = mean.to(ctx.device), std.to(ctx.device)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return images, augmented and normalised, labels and rows of a batch, on the device."""
        images = normalise(augment(self._take(rows), rng), self.mean, self.std)
        on_device = rows.to(self.device)
        return images, self.labels[on_device], on_device

    def _take(self, rows: Tensor) -> Tensor:
        if isinstance(self.images, Tensor):
            return self.images[rows.to(self.device)]
        in_order = to_tensor(self.images[np.sort(rows.numpy())], self.device)
        return in_order[rows.argsort().argsort().to(self.device)]


def _channel_statistics(images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every channel, (1, channels, 1, 1), over some 2,000 images."""
    sample = np.asarray(images[:: max(1, len(images) // 2000)], np.float32)
    mean, std = sample.mean((0, 2, 3)), sample.std((0, 2, 3))
    return (
        torch.from_numpy(mean).view(1, -1, 1, 1),
        torch.from_numpy(np.maximum(std, 1e-6)).view(1, -1, 1, 1),
    )
