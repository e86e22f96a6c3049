"""What decides how the training of a generator ends: the keys under which it is kept."""

from __future__ import annotations

import dataclasses
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.cohorts.identity import split_digest
from benchmark.generation.checkpoints import checkpoint_digest
from benchmark.generation.text_image_model import all_prompts
from benchmark.presets.settings import CheckpointSettings, GeneratorSettings, ScratchSettings
from benchmark.support.cache import digest

PACKAGES = ("diffusers", "peft", "torch", "transformers")
AFTERWARDS = ("tuning_steps", "tuning_batch", "reader", "judged")  # settings of what comes later
OF_MASKS = ("steps", "sampling_steps", "last_noise")  # settings of the ControlNet


def settings_of(ctx: RunContext) -> GeneratorSettings:
    """Return the preset's section [generator]; ValueError if the method does not declare one."""
    if ctx.generator is None:
        raise ValueError("Declare the generator: @method(..., trains_generator=True).")
    return ctx.generator


def base_key(train: Split, ctx: RunContext, code: str) -> dict[str, Any]:
    """Name what decides how the base's training ends: nothing of the ControlNet."""
    key = training_key(train, ctx, code)
    if isinstance(settings_of(ctx), ScratchSettings):
        key["settings"] = {k: v for k, v in key["settings"].items() if k not in OF_MASKS}
    return key


def training_key(train: Split, ctx: RunContext, code: str) -> dict[str, Any]:
    """Name everything that decides how a generator's training ends; code: the digest of its own."""
    settings = settings_of(ctx)
    named = {k: v for k, v in dataclasses.asdict(settings).items() if k not in AFTERWARDS}
    if isinstance(settings, CheckpointSettings):
        named["checkpoint"] = checkpoint_digest(Path(settings.checkpoint))
    return {
        "code": code,
        "data": split_digest(train),
        "prompts": digest(all_prompts(ctx.card, ctx.prompt)),
        "settings": named,
        "classifier steps": ctx.classifier.steps,  # of which the text encoder gets a share
        "packages": {name: version(name) for name in PACKAGES},
    }
