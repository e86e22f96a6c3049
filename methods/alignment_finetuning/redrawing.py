"""Real patients as the base draws them: a guide of drawn images has to know how those look.

Drawn images lack detail that every patient has, and a guide that has seen patients alone takes that
for a sign of one group (docs/methods.md). So it also learns from its own training patients after
they were noised and denoised again by the base under their own sentence, as SDEdit does (Meng et
al., ICLR 2022, arXiv 2108.01073, algorithm 1): half way up the chain who somebody is stays, and how
the image looks becomes the base's. Nobody is new, and no group is guessed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from benchmark import context
from benchmark.clip import write_sentences
from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.filling import enlarged
from benchmark.registry import code_digest
from methods.diffusion.base import SEED, base_key
from methods.diffusion.generator import LatentGenerator

LAST_PART = 0.5  # of the sampler's steps: those that are taken again
MOST = 2000  # patients; more would cost a large cohort hours and teach little
IMAGES = "images.safetensors"


def with_redrawn(seen: Split, train: Split, base: LatentGenerator, ctx: RunContext) -> Split:
    """Put redrawn patients behind those of seen, which are train's as the guide has them."""
    chosen = np.arange(len(train))
    if len(train) > MOST:
        chosen = np.sort(ctx.rng("redrawn").choice(len(train), MOST, replace=False))
    some = train.take(chosen)

    def build(folder: Path, alone: RunContext) -> None:
        images = redraw(some, base, alone)
        save_file({"images": torch.from_numpy(images).half()}, folder / IMAGES)

    key = {
        **base_key(train, ctx),
        "redrawn": [chosen.tolist() if len(chosen) < len(train) else "all", LAST_PART],
        "redrawing code": code_digest([Path(__file__), Path(str(context.__file__))]),
    }
    folder = ctx.train_once("redrawn", key, build, seed=SEED)
    images = load_file(folder / IMAGES)["images"].float().numpy()
    return enlarged(seen, images, some.masks, some.table)


@torch.inference_mode()
def redraw(patients: Split, base: LatentGenerator, ctx: RunContext) -> np.ndarray:
    """Noise patients to half of the chain and denoise them; (n, channels, size, size), no noise."""
    parts, rng = base.parts, ctx.torch_rng("redrawn: noise")
    times = parts.solver().timesteps
    times = times[-max(1, round(LAST_PART * len(times))) :]
    names = ["label", *(a.name for a in ctx.card.attributes)]
    words = write_sentences(patients.table[names], base.prompt)
    images = []
    firsts = range(0, len(words), parts.batch)
    for first in ctx.track(firsts, "redrawing patients for the guide", len(firsts)):
        these = slice(first, first + parts.batch)
        latents = parts.codec.encode(np.asarray(patients.images[these]))
        noise = torch.randn(latents.shape, generator=rng)
        latents = parts.schedule.add_noise(latents, noise, times[:1].cpu().expand(len(latents)))
        latents, ask, solver = latents.to(base.device), base.asking(words[these]), parts.solver()
        for time in times:
            latents = solver.step(ask(latents, time.to(base.device)), time, latents).prev_sample
        images.append(parts.codec.decode(latents).numpy())
    return np.concatenate(images)
