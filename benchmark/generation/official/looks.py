"""Copies of images that look as generated ones may: blurred, noised, coarse, simplified, faded.

A network that has seen only clean images may take a look for a group. So the judge's classifiers
learn from copies too, and the network whose features are compared learns to name the look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

FOLD = 4  # pixels a side of the blocks of which principal components are kept
REACH = 4  # pixels on each side that a blur looks at
SAMPLE = 2000  # images that components are measured on
CLEAN = 0.5  # share of a batch that stays as it is
LOOKS = ("clean", "blurred", "noised", "coarse", "simplified", "faded")


@dataclass(frozen=True)
class Components:
    """Principal components of blocks of FOLD x FOLD pixels of all channels."""

    mean: Tensor  # (FOLD^2 channels,)
    turn: Tensor  # (components, FOLD^2 channels), strong ones first

    def keep(self, images: Tensor, number: int) -> Tensor:
        """Return the images without all components but the strongest."""
        blocks = functional.pixel_unshuffle(images, FOLD) - self.mean.view(1, -1, 1, 1)
        turn = self.turn[:number]
        kept = torch.einsum("kp,kq,nqhw->nphw", turn, turn, blocks) + self.mean.view(1, -1, 1, 1)
        return functional.pixel_shuffle(kept, FOLD)


def measure_components(images: np.ndarray, device: torch.device) -> Components:
    """Measure the principal components of some 2,000 images (n, channels, size, size)."""
    sample = torch.from_numpy(np.array(images[:: max(1, len(images) // SAMPLE)], np.float32))
    blocks = functional.pixel_unshuffle(sample, FOLD)
    rows = blocks.permute(0, 2, 3, 1).reshape(-1, blocks.shape[1]).double()
    mean = rows.mean(0)
    _, vectors = torch.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
    return Components(mean.float().to(device), vectors.flip(1).T.float().to(device))


def disguise(images: Tensor, components: Components, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Give some images of a batch another look; return them and their looks, (n,) numbers."""
    n = len(images)
    others = torch.randint(1, len(LOOKS), (n,), generator=rng)
    looks = torch.where(torch.rand(n, generator=rng) < CLEAN, 0, others)
    seen = images.clone()
    for number, look in enumerate(LOOKS):
        rows = (looks == number).nonzero().flatten().to(images.device)
        if len(rows):
            seen[rows] = with_look(images[rows], look, components, rng)
    return seen, looks.to(images.device)


def with_look(images: Tensor, look: str, components: Components, rng: torch.Generator) -> Tensor:
    """Return images (n, channels, size, size) in [0, 1] with one look, its strength by chance."""
    strength = float(torch.rand((), generator=rng))
    with torch.autocast(images.device.type, enabled=False):  # whose rounding would be a look too
        return _MAKES[look](images, strength, components, rng).clamp(0, 1)


def _clean(images: Tensor, strength: float, components: Components, rng: torch.Generator) -> Tensor:
    return images


def _blurred(
    images: Tensor, strength: float, components: Components, rng: torch.Generator
) -> Tensor:
    deviation = 0.4 + 0.9 * strength  # pixels
    places = torch.arange(-REACH, REACH + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-0.5 * (places / deviation) ** 2)
    kernel = (kernel / kernel.sum()).expand(images.shape[1], 1, 1, -1)
    channels = images.shape[1]
    padded = functional.pad(images, (REACH,) * 4, mode="replicate")
    across = functional.conv2d(padded, kernel, groups=channels)
    return functional.conv2d(across, kernel.transpose(2, 3), groups=channels)


def _noised(
    images: Tensor, strength: float, components: Components, rng: torch.Generator
) -> Tensor:
    noise = torch.randn(images.shape, generator=rng).to(images.device)
    return images + (0.01 + 0.05 * strength) * noise


def _coarse(
    images: Tensor, strength: float, components: Components, rng: torch.Generator
) -> Tensor:
    size = images.shape[-1]
    less = round(size / (1.3 + 1.2 * strength))
    small = functional.interpolate(images, (less, less), mode="area")
    return functional.interpolate(small, (size, size), mode="bilinear")


def _simplified(
    images: Tensor, strength: float, components: Components, rng: torch.Generator
) -> Tensor:
    return components.keep(images, round(4 + 12 * strength))


def _faded(images: Tensor, strength: float, components: Components, rng: torch.Generator) -> Tensor:
    middle = images.mean((2, 3), keepdim=True)
    return middle + (0.75 + 0.45 * strength) * (images - middle)


_MAKES: dict[str, Callable[[Tensor, float, Components, torch.Generator], Tensor]] = {
    "clean": _clean,
    "blurred": _blurred,
    "noised": _noised,
    "coarse": _coarse,
    "simplified": _simplified,
    "faded": _faded,
}
