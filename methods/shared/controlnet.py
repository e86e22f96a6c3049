"""The generator that draws by masks: a ControlNet (Zhang et al., ICCV 2023) beside the base."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.patient_requests import has_mask
from benchmark.generation.text_image_model import write_prompts
from benchmark.presets.settings import CheckpointSettings, ScratchSettings
from benchmark.training.sampling_weights import balanced_weights
from methods.shared import pretrained, scratch
from methods.shared.base import (
    AVERAGE,
    NOISE_FILE,
    SEED,
    as_generator,
    base_folder,
    load_base,
    trained_text_encoder,
)
from methods.shared.generator_key import settings_of, training_key
from methods.shared.latent_generator import LatentGenerator
from methods.shared.parts import Parts
from methods.shared.resumable_training import Draw, train_resumably
from methods.shared.text_encoder import TextEncoder
from methods.shared.training_pairs import PROMPT_DROPOUT, denoising_target, scanner_noise_of
from methods.shared.training_state import Budget, remove_checkpoints


def trained_generator(train: Split, ctx: RunContext) -> LatentGenerator:
    """Return the generator of this split that draws by masks, training it if nobody has yet.

    From scratch it starts from the base of the same split; a checkpoint is its own base. A killed
    training resumes. Raises ValueError for a cohort without masks.
    """
    if not has_mask(train.masks).any():
        raise ValueError(
            f"{ctx.card.name}: no training image has a mask, and a ControlNet draws by masks. Add "
            "mask columns to participants.tsv (see docs/cohorts/table_cohorts.md), or leave this "
            "method out."
        )
    settings = settings_of(ctx)
    text_encoder = trained_text_encoder(train, ctx)
    scratch_base = isinstance(settings, ScratchSettings)
    base = base_folder(train, text_encoder, ctx) if scratch_base else None

    def build(folder: Path, alone: RunContext) -> None:
        train_generator(train, base, text_encoder, folder, alone)

    folder = ctx.train_once("generator", key_of(train, ctx), build, seed=SEED, resumes=True)
    parts = _load(folder, train, base, text_encoder, ctx)
    return as_generator(parts, base or folder, ctx)


def key_of(train: Split, ctx: RunContext) -> dict[str, Any]:
    """Name what decides how the generator's training ends, this file's code included."""
    return training_key(train, ctx, code_digest(Path(__file__)))


def train_generator(
    train: Split, base: Path | None, text_encoder: TextEncoder, folder: Path, ctx: RunContext
) -> None:
    """Train every part that is to be trained and write it into folder, as diffusers does."""
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        parts = pretrained.new_parts(train, settings, text_encoder, ctx)
    else:
        assert isinstance(settings, ScratchSettings) and base is not None
        known = load_base(base, train, text_encoder, ctx)
        parts = scratch.add_controlnet(known, train, settings, ctx)
    latents = parts.codec.encode(train.images)
    train_denoiser(train, latents, parts, folder, ctx)
    assert parts.control is not None
    parts.control.save_pretrained(folder / "controlnet")
    if isinstance(settings, CheckpointSettings):  # a checkpoint stays where it is
        scanner_noise_of(train, latents, parts.codec).save(folder / NOISE_FILE)
    else:
        parts.denoiser.save_pretrained(folder / "unet")
    remove_checkpoints(folder)


def _load(
    folder: Path, train: Split, base: Path | None, text_encoder: TextEncoder, ctx: RunContext
) -> Parts:
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        return pretrained.load_parts(folder, train, settings, text_encoder, ctx)
    assert isinstance(settings, ScratchSettings) and base is not None
    return scratch.load_controlled(folder, load_base(base, train, text_encoder, ctx), settings, ctx)


def train_denoiser(
    train: Split, latents: Tensor, parts: Parts, folder: Path, ctx: RunContext
) -> None:
    """Train what is not fixed of denoiser and ControlNet, cells drawn alike up to the usual limit.

    Together, where the papers hold the denoiser fixed: minutes of training have not finished it.
    """
    settings, network = settings_of(ctx), parts.network()
    prompts, own = _embedded_prompts(train, parts, ctx)
    batch = settings.batch_size * settings.accumulation
    draw = _masked_pairs(train, latents, parts, own, batch, ctx)

    def loss(drawn: Mapping[str, Tensor]) -> Tensor:
        known = drawn["latents"], drawn["noise"], drawn["times"]
        guess = network(
            parts.schedule.add_noise(*known), drawn["times"], prompts[drawn["prompt"]],
            drawn["condition"],
        )  # fmt: skip
        return (guess.float() - denoising_target(parts.schedule, *known)).square().mean((1, 2, 3))

    budget = Budget(settings.steps, settings.learning_rate, AVERAGE, settings.accumulation)
    train_resumably("controlnet", network, draw, loss, budget, folder, ctx)


def _embedded_prompts(train: Split, parts: Parts, ctx: RunContext) -> tuple[Tensor, Tensor]:
    """Return distinct prompts as vectors, the empty one first, and each patient's number, (n,)."""
    own = write_prompts(train.table.drop(columns=["image_id", "patient_id"]), ctx.prompt)
    distinct = list(dict.fromkeys(["", *own]))
    place = {prompt: i for i, prompt in enumerate(distinct)}
    return parts.text_encoder.embed(distinct), torch.tensor([place[prompt] for prompt in own])


def _masked_pairs(
    train: Split, latents: Tensor, parts: Parts, own: Tensor, batch: int, ctx: RunContext
) -> Draw:
    """Return what draws a batch of images, masks, prompts, noise and times.

    own: (n,), the number of each patient's prompt; 0 is the empty prompt. Images without a mask are
    never drawn: they do not teach to follow one.
    """
    labels, codec = len(ctx.card.mask_labels), parts.codec
    masked = torch.from_numpy(has_mask(train.masks))
    weights = torch.from_numpy(balanced_weights(ctx.card.encode_cells(train.table)[0])) * masked

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, batch, replacement=True, generator=rng)
        dropped = torch.rand(batch, generator=rng) < PROMPT_DROPOUT
        return {
            "latents": latents[rows],
            "condition": codec.condition(train.masks[rows.numpy()], labels),
            "prompt": torch.where(dropped, 0, own[rows]),
            "noise": torch.randn((batch, *parts.shape), generator=rng),
            "times": parts.times[torch.randint(len(parts.times), (batch,), generator=rng)],
        }

    return draw
