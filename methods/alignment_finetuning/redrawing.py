"""Real patients as the base draws them, so that the guide knows how drawn images look.

Drawn images lack detail that every patient has. A guide that has seen patients alone may take that
for a sign of one group (docs/results/choices.md has the measurement). So it also
learns from the same patients after the base noised and denoised them, as SDEdit does (Meng et al.,
ICLR 2022, arXiv 2108.01073, algorithm 1). No patient is new and no group is guessed: the prompt
names nothing that the guide reads, and half way up the chain most of the patient stays. The guide's
accuracy on redrawn validation patients tells how much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.cohorts.identity import split_digest
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.text_image_model import write_prompts
from methods.shared.base import SEED, base_key
from methods.shared.latent_generator import LatentGenerator

LAST_PART = 0.5  # of the sampler's steps: those that are taken again
IMAGES = "images.safetensors"


def redrawn(
    patients: Split, columns: tuple[str, ...], base: LatentGenerator, train: Split, ctx: RunContext
) -> Split:
    """Return the same patients as the base of train draws them, drawing them if nobody has yet.

    columns: what their prompts leave out. Images are as the latents have them.
    """

    def build(folder: Path, alone: RunContext) -> None:
        images = torch.from_numpy(redraw(patients, columns, base, alone))
        save_file({"images": images.half()}, folder / IMAGES)

    key = {
        **base_key(train, ctx),
        "redrawn": [split_digest(patients), sorted(columns), LAST_PART],
        "redrawing code": code_digest(Path(__file__)),
    }
    folder = ctx.train_once("redrawn", key, build, seed=SEED)
    images = load_file(folder / IMAGES)["images"].float().numpy()
    return Split(images, patients.masks, patients.table)


@torch.inference_mode()
def redraw(
    patients: Split, columns: tuple[str, ...], base: LatentGenerator, ctx: RunContext
) -> np.ndarray:
    """Noise patients to half of the chain and denoise them; (n, channels, size, size), smooth."""
    parts, seed = base.parts, int(ctx.rng("redrawn: noise").integers(2**31))
    times = parts.solver().timesteps
    times = times[-max(1, round(LAST_PART * len(times))) :]
    known = ["label", *(a.name for a in ctx.card.attributes)]
    table = patients.table[[name for name in known if name not in columns]]
    prompts = write_prompts(table, base.prompt)
    ctx.say(f"redrawing {len(prompts)} patients for the guide")

    def draw(these: slice) -> Tensor:
        latents = parts.codec.encode(np.asarray(patients.images[these])).to(base.device)
        noise = base.start_noise(len(latents), seed, these.start)
        start = times[:1].expand(len(latents)).to(base.device)
        latents = parts.schedule.add_noise(latents, noise, start)
        predict, solver = base.predictor_for(prompts[these]), parts.solver()
        for time in times:
            latents = solver.step(predict(latents, time.to(base.device)), time, latents).prev_sample
        return parts.codec.decode(latents)

    return base.in_batches(draw, np.zeros(patients.images.shape, np.float32))
