"""The parts that make a generator, whether trained from scratch or loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from diffusers import (
    ControlNetModel,
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    UNet2DConditionModel,
)
from torch import Tensor

from methods.shared.denoiser import ControlledDenoiser
from methods.shared.text_encoder import TextEncoder


class Codec(Protocol):
    """Maps images in [0, 1] to latents with a mean square near 1, and back."""

    def encode(self, images: np.ndarray) -> Tensor:
        """Map (n, channels, size, size) to (n, latent channels, latent size, latent size)."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Map latents back to images, on the CPU."""
        ...

    def pixels(self, latents: Tensor) -> Tensor:
        """Map latents back to images where they are, so that gradients flow back."""
        ...

    def condition(self, masks: np.ndarray, labels: int) -> Tensor:
        """Turn masks into the planes that the ControlNet reads."""
        ...


class MakeSolver(Protocol):
    """Makes a new solver with its times set, for the preset's number of steps or fewer."""

    def __call__(self, steps: int | None = None) -> DDIMScheduler | DPMSolverMultistepScheduler:
        """Return the solver."""
        ...


PART = 256  # images that go through the latents together


@dataclass(frozen=True)
class Parts:
    """Networks and schedules that fit each other."""

    codec: Codec
    text_encoder: TextEncoder
    denoiser: UNet2DConditionModel
    control: ControlNetModel | None  # reads masks; None: draws from prompts alone
    schedule: DDPMScheduler  # the forward process that the denoiser knows
    solver: MakeSolver
    times: Tensor  # (k,) of 0 to 999: how noisy the images are that training visits
    shape: tuple[int, int, int]  # of one image's latents
    batch: int  # images that are drawn together, if memory allows

    def network(self) -> ControlledDenoiser:
        """Return denoiser and ControlNet as one network, to be trained together."""
        if self.control is None:
            raise ValueError("These parts draw from prompts alone: there is no ControlNet.")
        return ControlledDenoiser(self.denoiser, self.control)


def through_latents(codec: Codec, images: np.ndarray) -> np.ndarray:
    """Return real images as the latents have them, without the detail that is too fine for them."""
    parts = [
        codec.decode(codec.encode(images[i : i + PART])).numpy()
        for i in range(0, len(images), PART)
    ]
    return np.concatenate(parts)
