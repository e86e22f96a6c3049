"""Tuning: the base's denoiser learns to draw the target's mix of groups, and else what it drew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.text_image_model import Clip
from methods.alignment_finetuning.adapter import save_tuned, trainable, with_denoiser
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.terms import Terms
from methods.alignment_finetuning.tuning_step import STAGE, TuningStep
from methods.shared.generator_key import settings_of
from methods.shared.latent_generator import LatentGenerator
from methods.shared.resumable_training import train_resumably
from methods.shared.training_state import Budget, remove_checkpoints


def tune(
    base: LatentGenerator, guide: Guide, clip: Clip, train: Split, terms: Terms, *,
    adapter: str, rank: int, rate: float, folder: Path, ctx: RunContext,
) -> None:  # fmt: skip
    """Tune a copy of the base's denoiser and write its adapter, or all of it, into folder."""
    settings = settings_of(ctx)
    torch.manual_seed(int(ctx.rng("alignment: weights").integers(2**62)))
    tuned = with_denoiser(base, trainable(base.parts.denoiser, adapter, rank, ctx))
    step = TuningStep(base, tuned, guide, clip, train, terms, ctx)
    budget = Budget(settings.tuning_steps, rate)
    train_resumably(
        STAGE, tuned.parts.denoiser, step.draw, step.loss, budget, folder, ctx,
        terms=step.logged, good=step.diverse,
    )  # fmt: skip
    if np.isfinite(step.last_off):  # a resumed tuning may have had no step left
        ctx.say(
            f"{STAGE}: towards {guide.target.words}; as the guide reads {step.each} images of a "
            f"prompt, they were off by {100 * step.first_off:.0f} points at the first step and by "
            f"{100 * step.last_off:.0f} at the last, some of it by the chance of so few"
        )
    save_tuned(tuned.parts.denoiser, adapter, folder)
    remove_checkpoints(folder)
