"""The generator of a training split: trained once, then fetched from the cache."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from benchmark import context, filling, training
from benchmark.checkpoints import checkpoint_digest
from benchmark.cohorts.identity import split_digest
from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.filling import has_mask
from benchmark.presets import CheckpointSettings, GeneratorSettings, ScratchSettings
from benchmark.registry import code_digest
from benchmark.results import write_json
from benchmark.training import balanced_weights
from methods.diffusion import pretrained, scratch
from methods.diffusion.acquisition import AcquisitionNoise, measure_noise
from methods.diffusion.folding import fit_folding
from methods.diffusion.generator import LatentGenerator
from methods.diffusion.optimise import CHECKPOINT, Budget, optimise
from methods.diffusion.parts import Codec, Parts
from methods.diffusion.sentences import write_sentences

NO_SENTENCE = 0.1  # share of training images whose sentence is withheld, for guidance
NO_MASK = 0.1  # share whose mask is withheld, so that the denoiser can also draw without
AVERAGE = 0.1  # the weights' moving average looks back on this share of the steps
NOISE_SAMPLE = 1000  # images that acquisition noise is measured on
SEED = 0  # of every generator: runs whose training patients are the same share one
TRAINING = "training.json"  # steps and curves
HERE = Path(__file__).parent
SHARED = (context, filling, training)  # code of the engine that decides what is trained


def trained_generator(train: Split, ctx: RunContext) -> LatentGenerator:
    """Return the generator of this split and these settings, training it if nobody has yet.

    A killed training goes on where it was. Raises ValueError for a cohort without masks.
    """
    settings = _settings(ctx)
    if not has_mask(train.masks).any():
        raise ValueError(
            f"{ctx.card.name}: no training image has a mask, and a ControlNet draws by masks. Add "
            "mask columns to participants.tsv (docs/your_own_cohort.md), or leave this method out."
        )
    key = {
        "code": code_digest([*sorted(HERE.glob("*.py")), *(Path(str(m.__file__)) for m in SHARED)]),
        "card": ctx.card.as_dict(),
        "data": split_digest(train),
        "sentences": write_sentences(ctx.card.cells(), ctx.prompt),
        "settings": _identity(settings),
        "computed": [ctx.device.type, ctx.precision, torch.get_num_threads()],
        "packages": {name: version(name) for name in ("diffusers", "torch", "transformers")},
    }

    def build(folder: Path) -> None:
        alone = dataclasses.replace(ctx, seed=SEED, curves=[], steps=0)
        train_generator(train, settings, folder, alone)
        write_json(folder / TRAINING, {"steps": alone.steps, "curves": alone.curves})

    folder = ctx.cache.folder(f"generator-{ctx.card.name}", key, build, resumes=True)
    # What it took belongs to every run that draws with it, whoever trained it.
    taken = json.loads((folder / TRAINING).read_text())
    ctx.curves += taken["curves"]
    ctx.steps += taken["steps"]
    return load_generator(folder, train, settings, ctx)


def codec_of(train: Split, ctx: RunContext) -> Codec:
    """Return the latents of this split's generator, without training one."""
    settings = _settings(ctx)
    if isinstance(settings, CheckpointSettings):
        return pretrained.new_parts(train, settings, ctx).codec
    assert isinstance(settings, ScratchSettings)
    return fit_folding(train.images, settings.fold, settings.components)


def _settings(ctx: RunContext) -> GeneratorSettings:
    if ctx.generator is None:
        raise ValueError("Declare `trains_generator: ClassVar = True` on the method.")
    return ctx.generator


def _identity(settings: GeneratorSettings) -> dict[str, Any]:
    """Name the settings, a checkpoint by what it holds."""
    named = dataclasses.asdict(settings)
    if isinstance(settings, CheckpointSettings):
        named["checkpoint"] = checkpoint_digest(Path(settings.checkpoint))
    return named


def train_generator(
    train: Split, settings: GeneratorSettings, folder: Path, ctx: RunContext
) -> None:
    """Train every part that is to be trained and write it into folder, as diffusers does."""
    if isinstance(settings, CheckpointSettings):
        parts = pretrained.new_parts(train, settings, ctx)
    else:
        assert isinstance(settings, ScratchSettings)
        parts = scratch.new_parts(train, settings, folder, ctx)
    latents = parts.codec.encode(train.images)
    some = slice(None, None, max(1, len(train) // NOISE_SAMPLE))
    smooth = parts.codec.decode(latents[some]).numpy()
    train_denoiser(train, latents, parts, settings, folder, ctx)
    measure_noise(np.asarray(train.images[some]), smooth).save(folder / "noise.safetensors")
    parts.network.control.save_pretrained(folder / "controlnet")
    if not isinstance(settings, CheckpointSettings):  # a checkpoint stays where it is
        parts.network.denoiser.save_pretrained(folder / "unet")
    for checkpoint in folder.glob(f"*{CHECKPOINT}"):
        checkpoint.unlink()


def load_generator(
    folder: Path, train: Split, settings: GeneratorSettings, ctx: RunContext
) -> LatentGenerator:
    """Load what train_generator wrote."""
    if isinstance(settings, CheckpointSettings):
        parts = pretrained.load_parts(folder, train, settings, ctx)
    else:
        assert isinstance(settings, ScratchSettings)
        parts = scratch.load_parts(folder, settings, ctx)
    parts.network.eval().requires_grad_(False)
    return LatentGenerator(
        card=ctx.card,
        prompt=ctx.prompt,
        parts=parts,
        noise=AcquisitionNoise.load(folder / "noise.safetensors"),
        device=ctx.device,
        bfloat16=ctx.precision == "bfloat16",
        guidance=settings.guidance,
        say=ctx.say,
    )


def train_denoiser(
    train: Split, latents: Tensor, parts: Parts, settings: GeneratorSettings,
    folder: Path, ctx: RunContext,
) -> None:  # fmt: skip
    """Train what is not fixed of denoiser and ControlNet, cells drawn alike up to the usual limit.

    Together, where the papers train one after the other: from scratch the masks say most of what
    there is to draw, and a denoiser that must guess it first wastes half of the minutes.
    """
    labels, network, codec = len(ctx.card.mask_labels), parts.network, parts.codec
    own = write_sentences(train.table, ctx.prompt)
    distinct = list(dict.fromkeys(["", *own]))
    embedded = parts.sentences.embed(distinct)
    place = {sentence: i for i, sentence in enumerate(distinct)}
    said = torch.tensor([place[sentence] for sentence in own])
    weights = torch.from_numpy(balanced_weights(ctx.card.encode_cells(train.table)[0]))
    masked = torch.from_numpy(has_mask(train.masks))
    no_mask = NO_MASK
    if not any(p.requires_grad for p in network.denoiser.parameters()):
        # A fixed denoiser draws without masks already: from images without one nobody learns.
        weights, no_mask = weights * masked, 0.0
    schedule, batch = parts.schedule, settings.batch_size * settings.accumulation

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, batch, replacement=True, generator=rng)
        silent = torch.rand(batch, generator=rng) < NO_SENTENCE
        return {
            "latents": latents[rows],
            "condition": codec.condition(train.masks[rows.numpy()], labels),
            "said": torch.where(silent, 0, said[rows]),
            "shown": ((torch.rand(batch, generator=rng) >= no_mask) & masked[rows]).float(),
            "noise": torch.randn((batch, *parts.shape), generator=rng),
            "times": parts.times[torch.randint(len(parts.times), (batch,), generator=rng)],
        }

    def loss(chance: Mapping[str, Tensor]) -> Tensor:
        known = chance["latents"], chance["noise"], chance["times"]
        guess = network(
            schedule.add_noise(*known), chance["times"], embedded[chance["said"]],
            chance["condition"], chance["shown"],
        )  # fmt: skip
        return (guess.float() - target(schedule, *known)).square().mean((1, 2, 3))

    budget = Budget(settings.steps, settings.learning_rate, AVERAGE, settings.accumulation)
    optimise("denoiser", network, draw, loss, budget, folder, ctx)


def target(schedule: DDPMScheduler, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return what a denoiser of this schedule predicts: v, or the noise itself."""
    if schedule.config.prediction_type == "v_prediction":
        return schedule.get_velocity(latents, noise, times)
    return noise
