"""The generator that draws by masks: a ControlNet that learns beside the base, trained once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.patient_requests import has_mask
from benchmark.generation.text_image_model import write_prompts
from benchmark.presets.settings import CheckpointSettings, ScratchSettings
from benchmark.training.sampling_weights import balanced_weights
from methods.shared import pretrained, scratch
from methods.shared.base import (
    AVERAGE,
    PROMPT_DROPOUT,
    SEED,
    as_generator,
    base_folder,
    load_base,
    measure,
    remove_checkpoints,
    settings_of,
    target,
    trained_text_encoder,
    training_key,
)
from methods.shared.latent_generator import LatentGenerator
from methods.shared.parts import Parts
from methods.shared.resumable_training import Budget, train_resumably
from methods.shared.text_encoder import TextEncoder


def trained_generator(train: Split, ctx: RunContext) -> LatentGenerator:
    """Return the generator of this split that draws by masks, training it if nobody has yet.

    From scratch it starts from the base of the same split; a checkpoint is its own base. A killed
    training goes on where it was. Raises ValueError for a cohort without masks.
    """
    if not has_mask(train.masks).any():
        raise ValueError(
            f"{ctx.card.name}: no training image has a mask, and a ControlNet draws by masks. Add "
            "mask columns to participants.tsv (docs/your_own_cohort.md), or leave this method out."
        )
    settings = settings_of(ctx)
    text_encoder = trained_text_encoder(train, ctx)
    scratch_base = isinstance(settings, ScratchSettings)
    base = base_folder(train, text_encoder, ctx) if scratch_base else None

    def build(folder: Path, alone: RunContext) -> None:
        train_generator(train, base, text_encoder, folder, alone)

    key = training_key(train, ctx)
    folder = ctx.train_once("generator", key, build, seed=SEED, resumes=True)
    parts = _load(folder, train, base, text_encoder, ctx)
    parts.network().eval().requires_grad_(False)
    return as_generator(parts, base or folder, settings, ctx)


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
        measure(train, latents, parts.codec).save(folder / "noise.safetensors")
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

    Together, where the papers hold the denoiser fixed: minutes have not finished it.
    """
    settings, network = settings_of(ctx), parts.network()
    labels, codec = len(ctx.card.mask_labels), parts.codec
    own = write_prompts(train.table.drop(columns=["image_id", "patient_id"]), ctx.prompt)
    distinct = list(dict.fromkeys(["", *own]))
    embedded = parts.text_encoder.embed(distinct)
    place = {sentence: i for i, sentence in enumerate(distinct)}
    said = torch.tensor([place[sentence] for sentence in own])
    masked = torch.from_numpy(has_mask(train.masks))
    # From images without a mask nobody learns to follow one.
    weights = torch.from_numpy(balanced_weights(ctx.card.encode_cells(train.table)[0])) * masked
    schedule, batch = parts.schedule, settings.batch_size * settings.accumulation

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, batch, replacement=True, generator=rng)
        silent = torch.rand(batch, generator=rng) < PROMPT_DROPOUT
        return {
            "latents": latents[rows],
            "condition": codec.condition(train.masks[rows.numpy()], labels),
            "said": torch.where(silent, 0, said[rows]),
            "noise": torch.randn((batch, *parts.shape), generator=rng),
            "times": parts.times[torch.randint(len(parts.times), (batch,), generator=rng)],
        }

    def loss(chance: Mapping[str, Tensor]) -> Tensor:
        known = chance["latents"], chance["noise"], chance["times"]
        guess = network(
            schedule.add_noise(*known), chance["times"], embedded[chance["said"]],
            chance["condition"],
        )  # fmt: skip
        return (guess.float() - target(schedule, *known)).square().mean((1, 2, 3))

    budget = Budget(settings.steps, settings.learning_rate, AVERAGE, settings.accumulation)
    train_resumably("controlnet", network, draw, loss, budget, folder, ctx)
