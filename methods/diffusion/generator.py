"""Sentences and masks in, patients out: sampling from the trained parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from benchmark.contracts import TaskCard
from methods.diffusion.acquisition import AcquisitionNoise
from methods.diffusion.optimise import autocast
from methods.diffusion.parts import Parts
from methods.diffusion.sentences import write_sentences


@dataclass(frozen=True)
class LatentGenerator:
    """Draws one patient per request: a sentence says who, a mask says what lies where."""

    card: TaskCard
    prompt: Callable[[Mapping[str, object]], str]
    parts: Parts
    noise: AcquisitionNoise
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

    def smooth(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw the same images as the latents have them, without acquisition noise."""
        words = write_sentences(requests, self.prompt)
        images, batch, done = np.zeros(masks.shape, np.float32), self.parts.batch, 0
        while done < len(words):
            these, full = slice(done, done + batch), False
            try:
                images[these] = self._draw(words[these], masks[these], seed, done)
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
    def _draw(self, words: list[str], masks: np.ndarray, seed: int, first: int) -> np.ndarray:
        """Draw one batch, from noise back to images."""
        n, parts = len(words), self.parts
        streams = [np.random.default_rng([seed, first + i, 0]) for i in range(n)]
        start = np.stack([stream.standard_normal(parts.shape, np.float32) for stream in streams])
        latents = torch.from_numpy(start).to(self.device)
        text = parts.sentences.embed([*words, ""])
        text, empty = text[:n], text[n:].expand(n, -1, -1)
        condition = parts.codec.condition(masks, len(self.card.mask_labels)).to(self.device)
        solver = parts.solver()
        for time in solver.timesteps:
            guess = self._prediction(latents, time.to(self.device), text, empty, condition)
            latents = solver.step(guess, time, latents).prev_sample
        return parts.codec.decode(latents).numpy()

    def _prediction(
        self, latents: Tensor, time: Tensor, text: Tensor, empty: Tensor, condition: Tensor
    ) -> Tensor:
        """Ask the network, with classifier-free guidance (Ho and Salimans 2022, equation 6)."""
        n, times = len(latents), 1 if self.guidance == 1 else 2
        with autocast(self.device, self.bfloat16):
            out = self.parts.network(
                torch.cat([latents] * times), time.expand(times * n),
                torch.cat([text, empty][:times]), torch.cat([condition] * times),
                torch.ones(times * n, device=self.device),
            ).float()  # fmt: skip
        if times == 1:
            return out
        asked, unasked = out.chunk(2)
        return unasked + self.guidance * (asked - unasked)
