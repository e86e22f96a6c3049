"""The base: a generator that reads prompts alone, trained once on the split as skewed as it is.

Methods start from it: the ControlNet learns beside it, the alignment tunes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.api.mix_target import Target
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.text_image_model import trained_clip
from benchmark.presets.settings import CheckpointSettings, ScratchSettings
from benchmark.training.sampling_weights import balanced_weights
from methods.shared import generator_key, pretrained, scratch
from methods.shared.generator_key import settings_of
from methods.shared.latent_generator import LatentGenerator
from methods.shared.parts import Codec, Parts
from methods.shared.pca_latents import fit_pca
from methods.shared.resumable_training import train_resumably
from methods.shared.scanner_noise import ScannerNoise
from methods.shared.text_encoder import TextEncoder, load_text_encoder, text_encoder_of_clip
from methods.shared.training_pairs import denoising_target, scanner_noise_of, training_pairs
from methods.shared.training_state import Budget, remove_checkpoints

REBALANCED_SHARE = 0.5  # of the base's steps, for which rebalancing trains it on
AVERAGE = 0.1  # the weights' moving average looks back on this share of the steps
SEED = 0  # of every generator: runs whose training patients are the same share one
NOISE_FILE = "noise.safetensors"


def trained_base(train: Split, ctx: RunContext) -> LatentGenerator:
    """Return the base of this split and these settings, training it if nobody has yet.

    A killed training resumes.
    """
    text_encoder = trained_text_encoder(train, ctx)
    folder = base_folder(train, text_encoder, ctx)
    return as_generator(load_base(folder, train, text_encoder, ctx), folder, ctx)


def rebalanced_base(train: Split, mix: Target, ctx: RunContext) -> LatentGenerator:
    """Return the base after it was trained on, for half as long again, with groups drawn as in mix.

    Cells of a group are drawn alike, rare ones up to the usual limit.
    """
    text_encoder = trained_text_encoder(train, ctx)
    start = base_folder(train, text_encoder, ctx)

    def build(folder: Path, alone: RunContext) -> None:
        weights = torch.from_numpy(weights_of_mix(train, mix, ctx))
        train_base(train, text_encoder, folder, alone, start=start, weights=weights)

    key = {**base_key(train, ctx), "mix": dataclasses.asdict(mix)}
    folder = ctx.train_once("rebalanced", key, build, seed=SEED, resumes=True)
    parts = load_base(folder, train, text_encoder, ctx, start=start)
    return as_generator(parts, start, ctx)  # the same latents leave out the same noise


def weights_of_mix(train: Split, mix: Target, ctx: RunContext) -> np.ndarray:
    """Return how often to draw each patient, (n,), so that groups come as in mix, cells alike."""
    weights = balanced_weights(ctx.card.encode_cells(train.table)[0])
    groups = mix.encode(train.table, ctx.card)
    sums = np.bincount(groups, weights, minlength=len(mix.shares))
    return weights * (np.array(mix.shares) / np.maximum(sums, 1e-12))[groups]


def base_folder(train: Split, text_encoder: TextEncoder, ctx: RunContext) -> Path:
    """Return the folder of the trained base; its steps are counted in ctx."""

    def build(folder: Path, alone: RunContext) -> None:
        train_base(train, text_encoder, folder, alone)

    return ctx.train_once("base", base_key(train, ctx), build, seed=SEED, resumes=True)


def base_key(train: Split, ctx: RunContext) -> dict[str, Any]:
    """Name what decides how the base's training ends, this file's code included."""
    return generator_key.base_key(train, ctx, code_digest(Path(__file__)))


def trained_text_encoder(train: Split, ctx: RunContext) -> TextEncoder:
    """Return the checkpoint's text encoder, or that of a small CLIP of these patients."""
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        return load_text_encoder(Path(settings.checkpoint), ctx.device)
    return text_encoder_of_clip(trained_clip(train, ctx, "generator", SEED), ctx.device)


def codec_of(train: Split, ctx: RunContext) -> Codec:
    """Return the latents of this split's generator, without training one."""
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        return pretrained.load_codec(train, settings, ctx)
    assert isinstance(settings, ScratchSettings)
    return fit_pca(train.images, settings.fold, settings.components)


def train_base(
    train: Split, text_encoder: TextEncoder, folder: Path, ctx: RunContext, *,
    start: Path | None = None, weights: Tensor | None = None,
) -> None:  # fmt: skip
    """Train the denoiser on images and prompts and write it into folder, as diffusers does.

    start: the folder of a base to be trained on; None: train a new one. weights: (n,), how often to
    draw each training image; None: all alike.
    """
    settings = settings_of(ctx)
    if weights is None:
        weights = torch.ones(len(train), dtype=torch.float64)
    if start is None:
        parts = _new_base(train, text_encoder, folder, ctx)
        stage, steps = "base", settings.base_steps
    else:
        parts = _base_to_train_on(start, train, text_encoder, ctx)
        stage, steps = "rebalanced base", max(1, round(REBALANCED_SHARE * settings.base_steps))
    latents = parts.codec.encode(train.images)
    if start is None:
        scanner_noise_of(train, latents, parts.codec).save(folder / NOISE_FILE)
    _train(stage, steps, train, latents, parts, weights, folder, ctx)
    if isinstance(settings, CheckpointSettings):  # the checkpoint stays where it is
        pretrained.save_adapter(parts.denoiser, folder / "adapter", pretrained.TASK)
    else:
        parts.denoiser.save_pretrained(folder / "unet")
    remove_checkpoints(folder)


def _train(
    stage: str, steps: int, train: Split, latents: Tensor, parts: Parts, weights: Tensor,
    folder: Path, ctx: RunContext,
) -> None:  # fmt: skip
    """Train the denoiser to remove noise from latents, given the prompt."""
    settings = settings_of(ctx)
    batch = settings.batch_size * settings.accumulation
    draw = training_pairs(train, latents, parts, weights, batch, ctx)

    def loss(drawn: Mapping[str, Tensor]) -> Tensor:
        known = drawn["latents"], drawn["noise"], drawn["times"]
        noisy = parts.schedule.add_noise(*known)
        guess = parts.denoiser(noisy, drawn["times"], drawn["text"]).sample
        return (guess.float() - denoising_target(parts.schedule, *known)).square().mean((1, 2, 3))

    rate = settings.learning_rate
    if isinstance(settings, CheckpointSettings):
        rate = settings.adapter_rate
    budget = Budget(steps, rate, AVERAGE, settings.accumulation)
    train_resumably(stage, parts.denoiser, draw, loss, budget, folder, ctx)


def _new_base(train: Split, text_encoder: TextEncoder, folder: Path, ctx: RunContext) -> Parts:
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        return pretrained.new_base(train, settings, text_encoder, ctx)
    assert isinstance(settings, ScratchSettings)
    return scratch.new_base(train, settings, folder, text_encoder, ctx)


def _base_to_train_on(
    start: Path, train: Split, text_encoder: TextEncoder, ctx: RunContext
) -> Parts:
    """Load a base that is to be trained on: all of it, or a new adapter beside a checkpoint."""
    settings = settings_of(ctx)
    parts = load_base(start, train, text_encoder, ctx)
    if isinstance(settings, CheckpointSettings):
        torch.manual_seed(int(ctx.rng("rebalanced adapter: weights").integers(2**62)))
        pretrained.add_adapter(parts.denoiser, pretrained.TASK, settings.adapter_rank)
    else:
        parts.denoiser.requires_grad_(True)
    return parts


def load_base(
    folder: Path, train: Split, text_encoder: TextEncoder, ctx: RunContext, *,
    start: Path | None = None,
) -> Parts:  # fmt: skip
    """Load what train_base wrote; start: the folder of the base that it trained on, if any."""
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        folders = [folder] if start is None else [start, folder]
        return pretrained.load_base(folders, train, settings, text_encoder, ctx)
    assert isinstance(settings, ScratchSettings)
    return scratch.load_base(folder, start or folder, settings, text_encoder, ctx)


def as_generator(parts: Parts, folder: Path, ctx: RunContext) -> LatentGenerator:
    """Join trained parts and the scanner noise that was measured into folder to a generator."""
    network = parts.denoiser if parts.control is None else parts.network()
    network.eval().requires_grad_(False)
    return LatentGenerator(
        card=ctx.card,
        prompt=ctx.prompt,
        parts=parts,
        noise=ScannerNoise.load(folder / NOISE_FILE),
        device=ctx.device,
        bfloat16=ctx.precision == "bfloat16",
        guidance=settings_of(ctx).guidance,
        say=ctx.say,
    )
