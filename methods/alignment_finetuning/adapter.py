"""What is tuned of the denoiser: a low-rank adapter or all of it; made, written and loaded."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

from diffusers import UNet2DConditionModel

from benchmark.api.context import RunContext
from methods.shared.denoiser import to_device
from methods.shared.latent_generator import LatentGenerator
from methods.shared.pretrained import add_adapter, load_adapter, save_adapter

ADAPTER = "alignment"


def with_denoiser(base: LatentGenerator, denoiser: UNet2DConditionModel) -> LatentGenerator:
    """Return the same generator with another denoiser."""
    return dataclasses.replace(base, parts=dataclasses.replace(base.parts, denoiser=denoiser))


def trainable(
    denoiser: UNet2DConditionModel, adapter: str, rank: int, ctx: RunContext
) -> UNet2DConditionModel:
    """Copy a denoiser; "lora": only small matrices where prompts enter train, "full": all."""
    tuned = copy.deepcopy(denoiser)
    if adapter == "lora":
        add_adapter(tuned, ADAPTER, rank)
    else:
        for parameter in tuned.parameters():
            parameter.data = parameter.data.float()
        tuned.requires_grad_(True)
    return to_device(tuned, ctx.device)


def save_tuned(denoiser: UNet2DConditionModel, adapter: str, folder: Path) -> None:
    """Write what was trained."""
    if adapter == "lora":
        save_adapter(denoiser, folder / "adapter", ADAPTER)
    else:
        denoiser.save_pretrained(folder / "unet")


def load_tuned(base: LatentGenerator, folder: Path, ctx: RunContext) -> LatentGenerator:
    """Return the base with what was trained put into a copy of its denoiser."""
    if (folder / "unet").is_dir():
        denoiser = UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True)
    else:
        denoiser = copy.deepcopy(base.parts.denoiser)
        load_adapter(denoiser, folder / "adapter", ADAPTER)
    denoiser = to_device(denoiser, ctx.device).eval().requires_grad_(False)
    return with_denoiser(base, denoiser)
