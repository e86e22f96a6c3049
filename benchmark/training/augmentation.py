"""Images as a network sees them: moved a little, centred and scaled."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

ROTATION_DEGREES = 8.0  # augmentation; no flips: left and right differ in a body

SHIFT = 0.04  # of the image's width


def augment(images: Tensor, rng: torch.Generator) -> Tensor:
    """Rotate and shift every image a little, each its own way; sizes are kept, they are signal."""
    n, _, height, width = images.shape
    angle = (torch.rand(n, 1, generator=rng) * 2 - 1) * math.radians(ROTATION_DEGREES)
    right, down = ((torch.rand(n, 2, 1, generator=rng) * 2 - 1) * 2 * SHIFT).unbind(1)
    # What a pixel's row and its column bring to where it comes from are added: two operations on
    # all pixels. affine_grid for the whole batch takes as long as the sampling itself.
    x, y = _centres(width), _centres(height)
    cos, sin = angle.cos(), angle.sin()
    grid = torch.empty(n, height, width, 2)
    torch.sub((cos * x + right)[:, None, :], (sin * y)[:, :, None], out=grid[..., 0])
    torch.add((sin * x + down)[:, None, :], (cos * y)[:, :, None], out=grid[..., 1])
    return functional.grid_sample(
        images, grid.to(images.device), padding_mode="border", align_corners=False
    )


def _centres(n: int) -> Tensor:
    """Where the middles of n pixels lie between -1 and 1, (n,)."""
    return (2 * torch.arange(n) + 1) / n - 1


def normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Centre and scale each channel, in the memory layout convolutions like best."""
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def to_tensor(images: np.ndarray, device: torch.device) -> Tensor:
    """Copy images into a float32 tensor on the device."""
    return torch.from_numpy(np.array(images, np.float32)).to(device)
