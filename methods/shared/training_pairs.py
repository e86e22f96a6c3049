"""What a denoiser learns from in a step: images, prompts that leave out words, noise, times."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.text_image_model import write_prompts
from methods.shared.parts import Codec, Parts
from methods.shared.resumable_training import Draw
from methods.shared.scanner_noise import ScannerNoise, measure_noise

PROMPT_DROPOUT = 0.1  # share of training images that get an empty prompt, for guidance
WORD_DROPOUT = 0.25  # share of the words that the other prompts leave out, each by itself
PROMPTS_KEPT = 4096  # in memory, as vectors: 1 GB of a large text encoder's
NOISE_SAMPLE = 1000  # images that scanner noise is measured on


def training_pairs(
    train: Split, latents: Tensor, parts: Parts, weights: Tensor, batch: int, ctx: RunContext, *,
    word_dropout: float = WORD_DROPOUT,
) -> Draw:  # fmt: skip
    """Return what draws a batch of images, prompts, noise and times.

    weights: (n,), how often to draw each image. Prompts lack each word by itself, so that the base
    learns prompts that name only some: what it draws for the rest is what the split is like.
    """
    columns = ["label", *(a.name for a in ctx.card.attributes)]
    rows_in_words = train.table[columns].to_numpy(dtype=object)

    @functools.lru_cache(PROMPTS_KEPT)
    def embed(words: tuple[object, ...]) -> Tensor:
        """Encode a prompt once: to do it in every step took much of a small base's time."""
        table = pd.DataFrame([words], columns=columns, dtype=object)
        return parts.text_encoder.embed(write_prompts(table, ctx.prompt))[0].cpu()

    empty = parts.text_encoder.embed([""])[0].cpu()

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, batch, replacement=True, generator=rng)
        kept = (torch.rand((batch, len(columns)), generator=rng) >= word_dropout).numpy()
        dropped = (torch.rand(batch, generator=rng) < PROMPT_DROPOUT).tolist()
        words = np.where(kept, rows_in_words[rows.numpy()], None)
        text = [empty if no else embed(tuple(w)) for no, w in zip(dropped, words, strict=True)]
        return {
            "latents": latents[rows],
            "text": torch.stack(text),
            "noise": torch.randn((batch, *parts.shape), generator=rng),
            "times": parts.times[torch.randint(len(parts.times), (batch,), generator=rng)],
        }

    return draw


def denoising_target(
    schedule: DDPMScheduler, latents: Tensor, noise: Tensor, times: Tensor
) -> Tensor:
    """Return what a denoiser of this schedule predicts: v, or the noise itself."""
    if schedule.config.prediction_type == "v_prediction":
        return schedule.get_velocity(latents, noise, times)
    return noise


def scanner_noise_of(train: Split, latents: Tensor, codec: Codec) -> ScannerNoise:
    """Measure what the latents leave out of some of the images."""
    some = slice(None, None, max(1, len(train) // NOISE_SAMPLE))
    return measure_noise(np.asarray(train.images[some]), codec.decode(latents[some]).numpy())
