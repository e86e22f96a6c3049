"""The generator of a training split: trained from scratch once, then fetched from the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from torch import Tensor

from benchmark import training
from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.filling import has_mask
from benchmark.presets import GeneratorSettings
from benchmark.registry import code_digest
from benchmark.training import balanced_weights
from methods.diffusion.acquisition import AcquisitionNoise, measure_noise
from methods.diffusion.denoiser import (
    NOISE_STEPS,
    ControlledDenoiser,
    new_controlnet,
    new_denoiser,
    noise_schedule,
)
from methods.diffusion.folding import FoldedPixels, fit_folding
from methods.diffusion.generator import Codec, LatentGenerator
from methods.diffusion.optimise import CHECKPOINT, Budget, optimise
from methods.diffusion.sentences import Sentences, load_sentences, train_sentences, write_sentences

SENTENCE_PART = 8  # the text encoder trains for one eighth of the denoiser's steps
NO_SENTENCE = 0.1  # share of training images whose sentence is withheld, for guidance
NO_MASK = 0.1  # share whose mask is withheld, so that the denoiser can also draw without
AVERAGE = 0.1  # the weights' moving average looks back on this share of the steps
NOISE_SAMPLE = 1000  # images that acquisition noise is measured on
HERE = Path(__file__).parent


def trained_generator(train: Split, ctx: RunContext) -> LatentGenerator:
    """Return the generator of this split and these settings, training it if nobody has yet.

    A killed training goes on where it was. Raises ValueError for a cohort without masks.
    """
    settings = ctx.generator
    if settings is None:
        raise ValueError("Declare `trains_generator: ClassVar = True` on the method.")
    if not has_mask(train.masks).any():
        raise ValueError(
            f"{ctx.card.name}: no training image has a mask, and a ControlNet draws by masks. Add "
            "mask columns to participants.tsv (docs/your_own_cohort.md), or leave this method out."
        )
    key = {
        "code": code_digest([*sorted(HERE.glob("*.py")), Path(training.__file__)]),
        "data": split_digest(train),
        "sentences": write_sentences(ctx.card.cells(), ctx.prompt),
        "settings": asdict(settings),
        "seed": ctx.seed,
        "computed": [ctx.device.type, ctx.precision, torch.get_num_threads()],
    }

    def build(folder: Path) -> None:
        train_generator(train, settings, folder, ctx)

    folder = ctx.cache.folder(f"generator-{ctx.card.name}", key, build, resumes=True)
    return load_generator(folder, ctx)


def split_digest(split: Split) -> str:
    """Hash images, masks and table."""
    seen = hashlib.sha256(split.table.to_csv(index=False).encode())
    for array in (split.images, split.masks):
        for start in range(0, len(array), 256):
            seen.update(np.ascontiguousarray(array[start : start + 256]).tobytes())
    return seen.hexdigest()[:16]


def train_generator(
    train: Split, settings: GeneratorSettings, folder: Path, ctx: RunContext
) -> None:
    """Train every part and write it into folder, in the layout of diffusers."""
    codec = fit_folding(train.images, settings.fold, settings.components)
    latents = codec.encode(train.images)
    some = slice(None, None, max(1, len(train) // NOISE_SAMPLE))
    smooth = codec.decode(latents[some]).numpy()
    noise = measure_noise(np.asarray(train.images[some]), smooth)
    sentences = train_sentences(train, max(1, settings.steps // SENTENCE_PART), folder, ctx)
    network = train_denoiser(train, latents, codec, sentences, settings, folder, ctx)
    codec.save(folder / "folding.safetensors")
    noise.save(folder / "noise.safetensors")
    network.denoiser.save_pretrained(folder / "unet")
    network.control.save_pretrained(folder / "controlnet")
    for checkpoint in folder.glob(f"*{CHECKPOINT}"):
        checkpoint.unlink()


def load_generator(folder: Path, ctx: RunContext) -> LatentGenerator:
    """Load what train_generator wrote."""
    assert ctx.generator is not None
    denoiser = UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True)
    control = ControlNetModel.from_pretrained(folder / "controlnet", use_safetensors=True)
    network = ControlledDenoiser(denoiser, control).to(ctx.device)
    return LatentGenerator(
        card=ctx.card,
        prompt=ctx.prompt,
        codec=FoldedPixels.load(folder / "folding.safetensors"),
        sentences=load_sentences(folder, ctx.device),
        network=network.to(memory_format=torch.channels_last).eval().requires_grad_(False),
        schedule=noise_schedule().config,
        noise=AcquisitionNoise.load(folder / "noise.safetensors"),
        device=ctx.device,
        bfloat16=ctx.precision == "bfloat16",
        steps=ctx.generator.sampling_steps,
        guidance=ctx.generator.guidance,
    )


def train_denoiser(
    train: Split, latents: Tensor, codec: Codec, sentences: Sentences,
    settings: GeneratorSettings, folder: Path, ctx: RunContext,
) -> ControlledDenoiser:  # fmt: skip
    """Train denoiser and ControlNet together, every cell drawn alike up to the usual limit.

    Together, where the papers train one after the other: from scratch the masks say most of what
    there is to draw, and a denoiser that must guess it first wastes half of the minutes.
    """
    labels = len(ctx.card.mask_labels)
    planes = codec.condition(train.masks[:1], labels).shape[1]
    torch.manual_seed(int(ctx.rng("denoiser: weights").integers(2**62)))
    channels, size = latents.shape[1:3]
    denoiser = new_denoiser(channels, size, settings.widths, sentences.width)
    network = ControlledDenoiser(denoiser, new_controlnet(denoiser, planes))
    network.to(ctx.device).to(memory_format=torch.channels_last)
    own = write_sentences(train.table, ctx.prompt)
    distinct = list(dict.fromkeys(["", *own]))
    embedded = sentences.embed(distinct)
    place = {sentence: i for i, sentence in enumerate(distinct)}
    said = torch.tensor([place[sentence] for sentence in own])
    weights = torch.from_numpy(balanced_weights(ctx.card.encode_cells(train.table)[0]))
    masked = torch.from_numpy(has_mask(train.masks))
    schedule, batch = noise_schedule(), settings.batch_size * settings.accumulation

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, batch, replacement=True, generator=rng)
        silent = torch.rand(batch, generator=rng) < NO_SENTENCE
        return {
            "latents": latents[rows],
            "condition": codec.condition(train.masks[rows.numpy()], labels),
            "said": torch.where(silent, 0, said[rows]),
            "shown": ((torch.rand(batch, generator=rng) >= NO_MASK) & masked[rows]).float(),
            "noise": torch.randn((batch, *latents.shape[1:]), generator=rng),
            "times": torch.randint(NOISE_STEPS, (batch,), generator=rng),
        }

    def loss(chance: Mapping[str, Tensor]) -> Tensor:
        parts = chance["latents"], chance["noise"], chance["times"]
        guess = network(
            schedule.add_noise(*parts), chance["times"], embedded[chance["said"]],
            chance["condition"], chance["shown"],
        )  # fmt: skip
        return (guess.float() - schedule.get_velocity(*parts)).square().mean((1, 2, 3))

    budget = Budget(settings.steps, settings.learning_rate, AVERAGE, settings.accumulation)
    optimise("denoiser", network, draw, loss, budget, folder, ctx)
    return network
