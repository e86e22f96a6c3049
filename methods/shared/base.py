"""The base: a generator that reads sentences alone, trained once on the split as skewed as it is.

Methods start from it: the ControlNet learns beside it, the alignment tunes it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.api.mix_target import Target
from benchmark.cohorts.identity import split_digest
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.checkpoints import checkpoint_digest
from benchmark.generation.text_image_model import all_prompts, trained_clip, write_prompts
from benchmark.presets.settings import CheckpointSettings, GeneratorSettings, ScratchSettings
from benchmark.support.cache import digest
from benchmark.training.sampling_weights import balanced_weights
from methods.shared import pretrained, scratch
from methods.shared.latent_generator import LatentGenerator
from methods.shared.parts import Codec, Parts
from methods.shared.pca_latents import fit_pca
from methods.shared.resumable_training import CHECKPOINT, Budget, Draw, train_resumably
from methods.shared.scanner_noise import ScannerNoise, measure_noise
from methods.shared.text_encoder import TextEncoder, load_text_encoder, text_encoder_of_clip

PROMPT_DROPOUT = 0.1  # share of training images whose sentence is withheld, for guidance
WORD_DROPOUT = 0.25  # share of the words of the others that are withheld, each by itself
REBALANCED_PART = 0.5  # of a base's steps, for which it is trained on with cells drawn alike
AVERAGE = 0.1  # the weights' moving average looks back on this share of the steps
SENTENCES_KEPT = 4096  # in memory, as vectors: 1 GB of a large text encoder's
NOISE_SAMPLE = 1000  # images that acquisition noise is measured on
SEED = 0  # of every generator: runs whose training patients are the same share one
PACKAGES = ("diffusers", "peft", "torch", "transformers")


def trained_base(train: Split, ctx: RunContext) -> LatentGenerator:
    """Return the base of this split and these settings, training it if nobody has yet.

    A killed training goes on where it was.
    """
    text_encoder = trained_text_encoder(train, ctx)
    folder = base_folder(train, text_encoder, ctx)
    return _fixed(load_base(folder, train, text_encoder, ctx), folder, ctx)


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
    return _fixed(parts, start, ctx)  # the same latents leave out the same noise


def weights_of_mix(train: Split, mix: Target, ctx: RunContext) -> np.ndarray:
    """Return how often to draw each patient, (n,), so that groups come as in mix, cells alike."""
    weights = balanced_weights(ctx.card.encode_cells(train.table)[0])
    groups = mix.encode(train.table, ctx.card)
    sums = np.bincount(groups, weights, minlength=len(mix.shares))
    return weights * (np.array(mix.shares) / np.maximum(sums, 1e-12))[groups]


def _fixed(parts: Parts, folder: Path, ctx: RunContext) -> LatentGenerator:
    parts.denoiser.eval().requires_grad_(False)
    return as_generator(parts, folder, settings_of(ctx), ctx)


def base_folder(train: Split, text_encoder: TextEncoder, ctx: RunContext) -> Path:
    """Return where the trained base lies; its steps are counted in ctx."""

    def build(folder: Path, alone: RunContext) -> None:
        train_base(train, text_encoder, folder, alone)

    return ctx.train_once("base", base_key(train, ctx), build, seed=SEED, resumes=True)


def base_key(train: Split, ctx: RunContext) -> dict[str, Any]:
    """Name what decides what the base's training ends in: nothing of the ControlNet."""
    key = training_key(train, ctx)
    of_masks = ("steps", "sampling_steps", "last_noise")
    if isinstance(settings_of(ctx), ScratchSettings):
        key["settings"] = {k: v for k, v in key["settings"].items() if k not in of_masks}
    return key


def settings_of(ctx: RunContext) -> GeneratorSettings:
    """Return the preset's section [generator]."""
    if ctx.generator is None:
        raise ValueError(
            "The method trains a generator: declare it in @method(..., trains_generator=True)."
        )
    return ctx.generator


def training_key(train: Split, ctx: RunContext) -> dict[str, Any]:
    """Name everything that decides what a generator's training ends in."""
    settings = settings_of(ctx)
    named = dataclasses.asdict(settings)
    for name in ("tuning_steps", "tuning_batch", "reader"):  # of what comes afterwards
        del named[name]
    if isinstance(settings, CheckpointSettings):
        named["checkpoint"] = checkpoint_digest(Path(settings.checkpoint))
    return {
        "code": code_digest(Path(__file__)),
        "data": split_digest(train),
        "sentences": digest(all_prompts(ctx.card, ctx.prompt)),
        "settings": named,
        "classifier steps": ctx.classifier.steps,  # of which the sentences get a share
        "packages": {name: version(name) for name in PACKAGES},
    }


def trained_text_encoder(train: Split, ctx: RunContext) -> TextEncoder:
    """Return the text encoder: the checkpoint's, or that of a small CLIP of these patients."""
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
    """Train the denoiser on images and sentences and write it into folder, as diffusers does.

    start: a trained base, to be trained on; weights: (n,), how often to draw each training image;
    None: all alike.
    """
    settings = settings_of(ctx)
    if weights is None:
        weights = torch.ones(len(train), dtype=torch.float64)
    if start is None:
        parts = _new_base(train, text_encoder, folder, ctx)
        stage, steps = "base", settings.base_steps
    else:
        parts = _trained_on(start, train, text_encoder, ctx)
        stage, steps = "rebalanced base", max(1, round(REBALANCED_PART * settings.base_steps))
    latents = parts.codec.encode(train.images)
    if start is None:
        measure(train, latents, parts.codec).save(folder / "noise.safetensors")
    batch = settings.batch_size * settings.accumulation
    draw = training_pairs(train, latents, parts, weights, batch, ctx)

    def loss(chance: Mapping[str, Tensor]) -> Tensor:
        known = chance["latents"], chance["noise"], chance["times"]
        noisy = parts.schedule.add_noise(*known)
        guess = parts.denoiser(noisy, chance["times"], chance["text"]).sample
        return (guess.float() - target(parts.schedule, *known)).square().mean((1, 2, 3))

    rate = settings.learning_rate
    if isinstance(settings, CheckpointSettings):
        rate = settings.adapter_rate
    budget = Budget(steps, rate, AVERAGE, settings.accumulation)
    train_resumably(stage, parts.denoiser, draw, loss, budget, folder, ctx)
    if isinstance(settings, CheckpointSettings):  # the checkpoint stays where it is
        pretrained.save_adapter(parts.denoiser, folder / "adapter", pretrained.TASK)
    else:
        parts.denoiser.save_pretrained(folder / "unet")
    remove_checkpoints(folder)


def _new_base(train: Split, text_encoder: TextEncoder, folder: Path, ctx: RunContext) -> Parts:
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        return pretrained.new_base(train, settings, text_encoder, ctx)
    assert isinstance(settings, ScratchSettings)
    return scratch.new_base(train, settings, folder, text_encoder, ctx)


def _trained_on(start: Path, train: Split, text_encoder: TextEncoder, ctx: RunContext) -> Parts:
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
    folder: Path,
    train: Split,
    text_encoder: TextEncoder,
    ctx: RunContext,
    *,
    start: Path | None = None,
) -> Parts:
    """Load what train_base wrote; start: where it began, if that was a trained base."""
    settings = settings_of(ctx)
    if isinstance(settings, CheckpointSettings):
        folders = [folder] if start is None else [start, folder]
        return pretrained.load_base(folders, train, settings, text_encoder, ctx)
    assert isinstance(settings, ScratchSettings)
    return scratch.load_base(folder, start or folder, settings, text_encoder, ctx)


def as_generator(
    parts: Parts, folder: Path, settings: GeneratorSettings, ctx: RunContext
) -> LatentGenerator:
    """Join parts and the noise that was measured into folder to a generator."""
    return LatentGenerator(
        card=ctx.card,
        prompt=ctx.prompt,
        parts=parts,
        noise=ScannerNoise.load(folder / "noise.safetensors"),
        device=ctx.device,
        bfloat16=ctx.precision == "bfloat16",
        guidance=settings.guidance,
        say=ctx.say,
    )


def training_pairs(
    train: Split, latents: Tensor, parts: Parts, weights: Tensor, batch: int, ctx: RunContext, *,
    word_dropout: float = WORD_DROPOUT,
) -> Draw:  # fmt: skip
    """Return what draws a batch of images, sentences that leave words out, noise and times.

    Sentences lack each word by itself, so that the base knows sentences that leave it open who
    somebody is: what it draws for them is what the split is like.
    """
    words = ["label", *(a.name for a in ctx.card.attributes)]
    rows_in_words = train.table[words].to_numpy(dtype=object)

    @functools.lru_cache(SENTENCES_KEPT)
    def read(told: tuple[object, ...]) -> Tensor:
        """Read a sentence, once: every step anew it was much of a small base's time."""
        spoken = write_prompts(pd.DataFrame([told], columns=words, dtype=object), ctx.prompt)
        return parts.text_encoder.embed(spoken)[0].cpu()

    unspoken = parts.text_encoder.embed([""])[0].cpu()

    def draw(rng: torch.Generator) -> dict[str, Tensor]:
        rows = torch.multinomial(weights, batch, replacement=True, generator=rng)
        said = (torch.rand((batch, len(words)), generator=rng) >= word_dropout).numpy()
        silent = (torch.rand(batch, generator=rng) < PROMPT_DROPOUT).tolist()
        told = np.where(said, rows_in_words[rows.numpy()], None)
        text = [unspoken if no else read(tuple(t)) for no, t in zip(silent, told, strict=True)]
        return {
            "latents": latents[rows],
            "text": torch.stack(text),
            "noise": torch.randn((batch, *parts.shape), generator=rng),
            "times": parts.times[torch.randint(len(parts.times), (batch,), generator=rng)],
        }

    return draw


def measure(train: Split, latents: Tensor, codec: Codec) -> ScannerNoise:
    """Measure what the latents leave out of some of the images."""
    some = slice(None, None, max(1, len(train) // NOISE_SAMPLE))
    return measure_noise(np.asarray(train.images[some]), codec.decode(latents[some]).numpy())


def remove_checkpoints(folder: Path) -> None:
    """Remove what only a killed training would have needed."""
    for checkpoint in folder.glob(f"*{CHECKPOINT}"):
        checkpoint.unlink()


def target(schedule: DDPMScheduler, latents: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return what a denoiser of this schedule predicts: v, or the noise itself."""
    if schedule.config.prediction_type == "v_prediction":
        return schedule.get_velocity(latents, noise, times)
    return noise
