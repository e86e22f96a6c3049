"""From scratch: every part is measured or trained on the task's own training patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel, DPMSolverMultistepScheduler, UNet2DConditionModel

from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.presets import ScratchSettings
from methods.diffusion.denoiser import (
    NOISE_STEPS,
    ControlledDenoiser,
    new_controlnet,
    new_denoiser,
    noise_schedule,
    settle,
)
from methods.diffusion.folding import FoldedPixels, fit_folding
from methods.diffusion.parts import Parts
from methods.diffusion.sentences import load_sentences, train_sentences

SENTENCE_PART = 16  # the text encoder trains for a sixteenth of the denoiser's steps
DRAWN_TOGETHER = 64


def new_parts(train: Split, settings: ScratchSettings, folder: Path, ctx: RunContext) -> Parts:
    """Measure the folding, train the sentences, and make denoiser and ControlNet anew."""
    codec = fit_folding(train.images, settings.fold, settings.components)
    sentences = train_sentences(train, max(1, settings.steps // SENTENCE_PART), folder, ctx)
    planes = codec.condition(train.masks[:1], len(ctx.card.mask_labels)).shape[1]
    channels, size = codec.encode(train.images[:1]).shape[1:3]
    torch.manual_seed(int(ctx.rng("denoiser: weights").integers(2**62)))
    denoiser = new_denoiser(channels, size, settings.widths, sentences.width)
    network = ControlledDenoiser(denoiser, new_controlnet(denoiser, planes))
    codec.save(folder / "folding.safetensors")
    return _joined(codec, folder, network, settings, ctx)


def load_parts(folder: Path, settings: ScratchSettings, ctx: RunContext) -> Parts:
    """Load what was written once it was trained."""
    network = ControlledDenoiser(
        UNet2DConditionModel.from_pretrained(folder / "unet", use_safetensors=True),
        ControlNetModel.from_pretrained(folder / "controlnet", use_safetensors=True),
    )
    codec = FoldedPixels.load(folder / "folding.safetensors")
    return _joined(codec, folder, network, settings, ctx)


def _joined(
    codec: FoldedPixels, folder: Path, network: ControlledDenoiser,
    settings: ScratchSettings, ctx: RunContext,
) -> Parts:  # fmt: skip
    config = network.denoiser.config

    def solver() -> DPMSolverMultistepScheduler:
        return new_solver(settings)

    return Parts(
        codec=codec,
        sentences=load_sentences(folder, ctx.device),
        network=settle(network, ctx.device),
        schedule=noise_schedule(),
        solver=solver,
        # A short training has no step to spare for noise that sampling never meets.
        times=solver().timesteps,
        shape=(config.in_channels, config.sample_size, config.sample_size),
        batch=DRAWN_TOGETHER,
    )


def new_solver(settings: ScratchSettings) -> DPMSolverMultistepScheduler:
    """Return DPM-Solver++ of second order (Lu et al. 2022, arXiv 2211.01095), times set.

    The last step goes from last_noise to the denoiser's expectation. Detail finer than that noise
    is left out instead of made up: after minutes of training it is no detail but speckle.
    """
    solver = DPMSolverMultistepScheduler.from_config(noise_schedule().config)
    times = np.linspace(NOISE_STEPS - 1, settings.last_noise, settings.sampling_steps)
    solver.set_timesteps(timesteps=times.round().astype(int).tolist())
    return solver
