"""Images to latents and back without a network: principal components of blocks of pixels.

A small autoencoder takes minutes to learn what a rotation gives at once, and drops the noise
(docs/results/choices.md has the measurement). So from scratch the latents are
principal components; a pretrained checkpoint has its own autoencoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from methods.shared.denoiser import mask_planes

BATCH = 256
SAMPLE = 2000  # images that the components are measured on
EVENNESS = 0.5  # components are divided by their standard deviation to this power


@dataclass(frozen=True)
class PcaLatents:
    """Blocks of pixels of all channels along their first principal components.

    Strong components are scaled down, not made equal to weak ones: a denoiser that must draw fine
    detail as exactly as coarse shape learns neither in minutes.
    """

    fold: int  # pixels along one side of a block
    mean: Tensor  # (1, fold^2 channels, 1, 1)
    turn: Tensor  # (components, fold^2 channels): rows are orthonormal directions
    scale: Tensor  # (1, components, 1, 1); latents have a mean square of 1

    def encode(self, images: np.ndarray) -> Tensor:
        """Map images (n, channels, size, size) to latents (n, components, size/fold, size/fold)."""
        parts = []
        for i in range(0, len(images), BATCH):
            pixels = _folded(images[i : i + BATCH], self.fold) - self.mean
            parts.append(torch.einsum("kp,nphw->nkhw", self.turn, pixels) / self.scale)
        return torch.cat(parts)

    def pixels(self, latents: Tensor) -> Tensor:
        """Map latents back to images in [0, 1], where they are; dropped components are zero."""
        turn, scale, mean = (part.to(latents.device) for part in (self.turn, self.scale, self.mean))
        pixels = torch.einsum("kp,nkhw->nphw", turn, latents * scale) + mean
        return functional.pixel_shuffle(pixels, self.fold).clamp(0, 1)

    def decode(self, latents: Tensor) -> Tensor:
        """Do the same on the CPU."""
        return self.pixels(latents.cpu())

    def condition(self, masks: np.ndarray, labels: int) -> Tensor:
        """Turn masks into planes of the latents' size, (n, planes, size/fold, size/fold)."""
        planes = mask_planes(torch.from_numpy(np.array(masks)), labels)
        return functional.pixel_unshuffle(planes, self.fold)

    def save(self, path: Path) -> None:
        """Write one safetensors file."""
        tensors = {"mean": self.mean, "turn": self.turn, "scale": self.scale}
        save_file(tensors | {"fold": torch.tensor(self.fold)}, path)

    @classmethod
    def load(cls, path: Path) -> PcaLatents:
        """Read what save wrote."""
        tensors = load_file(path)
        return cls(int(tensors.pop("fold")), **tensors)


def fit_pca(images: np.ndarray, fold: int, components: int) -> PcaLatents:
    """Measure the principal components of blocks of fold x fold pixels of all channels."""
    pixels = _folded(images[:: max(1, len(images) // SAMPLE)], fold)
    rows = pixels.permute(0, 2, 3, 1).reshape(-1, pixels.shape[1]).double()
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
    kept = slice(0, min(components, len(values)))
    # The sign of an eigenvector is arbitrary; the largest entry is made positive everywhere.
    turn = vectors.flip(1).T[kept]
    turn = turn * turn.gather(1, turn.abs().argmax(1, keepdim=True)).sign()
    std = values.flip(0)[kept].clamp(min=1e-12).sqrt()
    scale = std**EVENNESS
    scale = scale * ((std / scale) ** 2).mean().sqrt()
    return PcaLatents(
        fold,
        mean.float().view(1, -1, 1, 1),
        turn.float().contiguous(),
        scale.float().view(1, -1, 1, 1),
    )


def _folded(images: np.ndarray, fold: int) -> Tensor:
    return functional.pixel_unshuffle(torch.from_numpy(np.array(images, np.float32)), fold)
