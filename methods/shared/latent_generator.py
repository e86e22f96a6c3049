"""Draws patients from prompts, and from masks if there is a ControlNet, with trained parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from benchmark.api.card import TaskCard
from benchmark.generation.text_image_model import write_prompts
from methods.shared.parts import Parts
from methods.shared.resumable_training import autocast
from methods.shared.scanner_noise import ScannerNoise


@dataclass(frozen=True)
class LatentGenerator:
    """Draws one patient per request, from a prompt and, with a ControlNet, from a mask.

    Without a ControlNet only the number and size of the masks matter. A prompt leaves out the words
    that a request does not hold (None).
    """

    card: TaskCard
    prompt: Callable[[Mapping[str, object]], str]
    parts: Parts
    noise: ScannerNoise
    device: torch.device
    bfloat16: bool
    guidance: float  # 1: none
    say: Callable[[str], None]

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw images (n, channels, size, size), float32 in [0, 1].

        requests: label and every attribute, in words; masks: (n, channels, size, size) uint8.
        Every image has random streams of its own, so the batch size changes rounding only.
        """
        smooth = self.smooth(requests, masks, seed)
        return self.noise.add(
            smooth, [np.random.default_rng([seed, i, 1]) for i in range(len(smooth))]
        )

    @property
    def reads_masks(self) -> bool:
        """Whether a mask makes a difference."""
        return self.parts.control is not None

    def smooth(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw the same images as the latents have them, without scanner noise."""
        names = ["label", *(a.name for a in self.card.attributes)]
        prompts = write_prompts(requests[names], self.prompt)
        return self.in_batches(
            lambda these: self._draw(prompts[these], masks[these], seed, these.start),
            np.zeros(masks.shape, np.float32),
        )

    def in_batches(self, draw: Callable[[slice], Tensor], images: np.ndarray) -> np.ndarray:
        """Fill in images, (n, channels, size, size), as many at a time as memory holds."""
        batch, done = self.parts.batch, 0
        while done < len(images):
            these, full = slice(done, done + batch), False
            try:
                images[these] = draw(these).numpy()
            except torch.OutOfMemoryError:
                if batch == 1:
                    raise
                full = True
            if full:  # only here has the failed batch let go of its memory
                batch //= 2
                torch.cuda.empty_cache()
                self.say(f"out of memory: images are now drawn {batch} at a time")
            else:
                done += batch
        return images

    @torch.inference_mode()
    def _draw(self, prompts: list[str], masks: np.ndarray, seed: int, first: int) -> Tensor:
        """Draw one batch, from noise back to images."""
        parts = self.parts
        latents = self.start_noise(len(prompts), seed, first)
        condition = None
        if self.reads_masks:
            condition = parts.codec.condition(masks, len(self.card.mask_labels)).to(self.device)
        predict = self.predictor_for(prompts, condition)
        solver = parts.solver()
        for time in solver.timesteps:
            latents = solver.step(predict(latents, time.to(self.device)), time, latents).prev_sample
        return parts.codec.decode(latents)

    def start_noise(self, n: int, seed: int, first: int = 0) -> Tensor:
        """Return the noise that n images start from, each with a random stream of its own."""
        streams = [np.random.default_rng([seed, first + i, 0]) for i in range(n)]
        start = [stream.standard_normal(self.parts.shape, np.float32) for stream in streams]
        return torch.from_numpy(np.stack(start)).to(self.device)

    def predictor_for(
        self, prompts: Sequence[str], condition: Tensor | None = None
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Return what predicts from latents and time, for these prompts and masks.

        With classifier-free guidance (Ho and Salimans 2022, equation 6).
        """
        n, parts, times = len(prompts), self.parts, 1 if self.guidance == 1 else 2
        text = parts.text_encoder.embed([*prompts, *[""] * (n * (times - 1))])
        masks = [] if condition is None else [torch.cat([condition] * times)]
        controlled = None if condition is None else parts.network()

        def predict(latents: Tensor, time: Tensor) -> Tensor:
            with autocast(self.device, self.bfloat16):
                given = torch.cat([latents] * times), time.expand(times * n), text, *masks
                out = controlled(*given) if controlled else parts.denoiser(*given).sample
            out = out.float()
            if times == 1:
                return out
            conditional, unconditional = out.chunk(2)
            return unconditional + self.guidance * (conditional - unconditional)

        return predict
