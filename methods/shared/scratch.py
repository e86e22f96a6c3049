"""From scratch: every part is measured or trained on the task's own training patients."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel, DPMSolverMultistepScheduler, UNet2DConditionModel

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.presets.settings import ScratchSettings
from methods.shared.denoiser import (
    NOISE_STEPS,
    new_controlnet,
    new_denoiser,
    noise_schedule,
    to_device,
)
from methods.shared.parts import MakeSolver, Parts
from methods.shared.pca_latents import PcaLatents, fit_pca
from methods.shared.text_encoder import TextEncoder

DRAWN_TOGETHER = 32  # images: few enough for a core's cache to hold what lies between two layers


def new_base(
    train: Split,
    settings: ScratchSettings,
    folder: Path,
    text_encoder: TextEncoder,
    ctx: RunContext,
) -> Parts:
    """Fit the latents, write them into folder, and make a new denoiser."""
    codec = fit_pca(train.images, settings.fold, settings.components)
    codec.save(folder / "latents.safetensors")
    channels, size = codec.encode(train.images[:1]).shape[1:3]
    torch.manual_seed(int(ctx.rng("denoiser: weights").integers(2**62)))
    denoiser = new_denoiser(channels, size, settings.widths, text_encoder.width)
    return _joined(codec, text_encoder, denoiser, settings, ctx)


def load_base(
    folder: Path, start: Path, settings: ScratchSettings, text_encoder: TextEncoder, ctx: RunContext
) -> Parts:
    """Load the denoiser of a folder, and the latents from the folder where training began."""
    codec = PcaLatents.load(start / "latents.safetensors")
    denoiser = UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True)
    return _joined(codec, text_encoder, denoiser, settings, ctx)


def add_controlnet(base: Parts, train: Split, settings: ScratchSettings, ctx: RunContext) -> Parts:
    """Put a new ControlNet beside a trained denoiser."""
    planes = base.codec.condition(train.masks[:1], len(ctx.card.mask_labels)).shape[1]
    torch.manual_seed(int(ctx.rng("controlnet: weights").integers(2**62)))
    return _with_control(base, new_controlnet(base.denoiser, planes), settings, ctx)


def load_controlled(folder: Path, base: Parts, settings: ScratchSettings, ctx: RunContext) -> Parts:
    """Load denoiser and ControlNet as they were trained together; all else is the base's."""
    denoiser = UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True)
    control = ControlNetModel.from_pretrained(folder / "controlnet", use_safetensors=True)
    parts = dataclasses.replace(base, denoiser=to_device(denoiser, ctx.device))
    return _with_control(parts, control, settings, ctx)


def _joined(
    codec: PcaLatents, text_encoder: TextEncoder, denoiser: UNet2DConditionModel,
    settings: ScratchSettings, ctx: RunContext,
) -> Parts:  # fmt: skip
    solver = _solver(settings.base_sampling_steps, settings.base_last_noise)
    config = denoiser.config
    return Parts(
        codec=codec,
        text_encoder=text_encoder,
        denoiser=to_device(denoiser, ctx.device),
        control=None,
        schedule=noise_schedule(),
        solver=solver,
        # A short training has no step to spare for noise levels that sampling never visits.
        times=solver().timesteps,
        shape=(config.in_channels, config.sample_size, config.sample_size),
        batch=DRAWN_TOGETHER,
    )


def _with_control(
    base: Parts, control: ControlNetModel, settings: ScratchSettings, ctx: RunContext
) -> Parts:
    """Add the ControlNet: with masks fewer steps are enough, at other noise levels."""
    solver = _solver(settings.sampling_steps, settings.last_noise)
    control = to_device(control, ctx.device)
    return dataclasses.replace(base, control=control, solver=solver, times=solver().timesteps)


def _solver(usual: int, last_noise: int) -> MakeSolver:
    times = np.linspace(NOISE_STEPS - 1, last_noise, usual).round().astype(int)

    def make(steps: int | None = None) -> DPMSolverMultistepScheduler:
        # A shorter chain visits some of the same times: the denoiser knows no others.
        some = np.linspace(0, usual - 1, min(steps or usual, usual)).round().astype(int)
        return new_solver(times[some])

    return make


def new_solver(times: np.ndarray) -> DPMSolverMultistepScheduler:
    """Return DPM-Solver++ of second order (Lu et al. 2022, arXiv 2211.01095), times set.

    The last step goes from the last time to the denoiser's expectation. Detail finer than that
    noise is left out: after minutes of training it would be speckle.
    """
    solver = DPMSolverMultistepScheduler.from_config(noise_schedule().config)
    solver.set_timesteps(timesteps=times.tolist())
    return solver
