"""What a generator is put together from, however it was come by: trained from scratch or loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

from methods.diffusion.denoiser import ControlledDenoiser
from methods.diffusion.sentences import Sentences


class Codec(Protocol):
    """Maps images in [0, 1] to latents with a mean square near 1, and back."""

    def encode(self, images: np.ndarray) -> Tensor:
        """Map (n, channels, size, size) to (n, latent channels, latent size, latent size)."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Map latents back to images, on the CPU."""
        ...

    def condition(self, masks: np.ndarray, labels: int) -> Tensor:
        """Turn masks into the planes that the ControlNet reads."""
        ...


PART = 256  # images that go through the latents together


@dataclass(frozen=True)
class Parts:
    """Networks and schedules that fit each other."""

    codec: Codec
    sentences: Sentences
    network: ControlledDenoiser
    schedule: DDPMScheduler  # the forward process that the denoiser knows
    solver: Callable[[], DDIMScheduler | DPMSolverMultistepScheduler]  # a new one, times set
    times: Tensor  # (k,) of 0 to 999: how noisy the images are that training visits
    shape: tuple[int, int, int]  # of one image's latents
    batch: int  # images that are drawn together, if memory allows


def through_latents(codec: Codec, images: np.ndarray) -> np.ndarray:
    """Return real images as the latents have them: what is too fine for latents is gone."""
    parts = [
        codec.decode(codec.encode(images[i : i + PART])).numpy()
        for i in range(0, len(images), PART)
    ]
    return np.concatenate(parts)
