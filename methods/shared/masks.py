"""Masks for generated patients: those of real ones, a little deformed."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

BEND = 0.02  # largest shift of the deformation, as a share of the image
STRETCH = 0.03  # largest change of size


def deform(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend and stretch masks (n, channels, size, size) a little, each its own way.

    All channels of a patient alike, so that what lies between them, such as the ejection fraction,
    hardly changes. Nearest neighbours keep labels whole.
    """
    n, _, size, _ = masks.shape
    if not n:
        return masks
    coarse = torch.from_numpy(rng.uniform(-1, 1, (n, 2, 4, 4)).astype(np.float32)) * 2 * BEND
    bend = functional.interpolate(coarse, size, mode="bicubic", align_corners=False)
    stretch = torch.from_numpy(1 + rng.uniform(-STRETCH, STRETCH, (n, 2)).astype(np.float32))
    affine = torch.zeros(n, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = stretch[:, 0], stretch[:, 1]
    grid = functional.affine_grid(affine, [n, 1, size, size], align_corners=False)
    grid = grid + bend.permute(0, 2, 3, 1)
    moved = functional.grid_sample(
        torch.from_numpy(masks.astype(np.float32)), grid, mode="nearest", align_corners=False
    )
    return moved.numpy().astype(np.uint8)
