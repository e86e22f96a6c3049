"""What guide and CLIP see in images that a generator draws for neutral prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from benchmark.api.context import RunContext
from benchmark.generation.text_image_model import Clip
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.sampling import draw_latents, draw_latents_adjusted
from methods.alignment_finetuning.terms import Terms
from methods.shared.latent_generator import LatentGenerator

WATCHED = 32  # images that diversity is measured on, of each of a few prompts


@dataclass(frozen=True)
class Observed:
    """What guide and CLIP see in images."""

    groups: Tensor  # (n, groups), probabilities
    vectors: Tensor  # (n, width), unit vectors

    def alone(self) -> Observed:
        """Return the same on the CPU, without gradient."""
        return Observed(self.groups.detach().cpu(), self.vectors.detach().cpu())


class Observer:
    """Draws images of neutral prompts as tuning does, and looks at them."""

    def __init__(
        self, prompts: Sequence[str], guide: Guide, clip: Clip, terms: Terms, at_once: int,
        ctx: RunContext,
    ) -> None:  # fmt: skip
        self.prompts, self.guide, self.clip, self.terms = prompts, guide, clip, terms
        self.at_once, self.ctx = at_once, ctx

    def words(self, chosen: Tensor) -> list[str]:
        """Return the prompts with these numbers."""
        return [self.prompts[place] for place in chosen.tolist()]

    def look(
        self, generator: LatentGenerator, chosen: Tensor, start: Tensor, last: int, *,
        recompute: bool = True,
    ) -> Observed:  # fmt: skip
        """Draw images of the chosen prompts from noise and look at them, on their device.

        Gradients flow through the last steps. recompute: as draw_latents says.
        """
        sample = draw_latents if self.terms.gradient == "exact" else draw_latents_adjusted
        predict, solver = generator.predictor_for(self.words(chosen)), generator.parts.solver
        latents = sample(predict, solver(self.terms.chain), start, last, recompute=recompute)
        with torch.autocast(latents.device.type, enabled=False):
            images = checkpoint(generator.parts.codec.pixels, latents, use_reentrant=False)
            return Observed(self.guide.probabilities(images), self.clip.embed_images(images))

    @torch.no_grad()
    def observe(self, generator: LatentGenerator, chosen: Tensor, start: Tensor) -> Observed:
        """Do the same without gradient, as many images at a time as memory holds; on the CPU."""
        groups, vectors, done = [], [], 0
        while done < len(chosen):
            these, full = slice(done, done + self.at_once), False
            try:
                here = start[these].to(self.ctx.device)
                seen = self.look(generator, chosen[these], here, 0).alone()
                groups.append(seen.groups)
                vectors.append(seen.vectors)
            except torch.OutOfMemoryError:
                if self.at_once == 1:
                    raise
                full = True
            if full:  # only here has the failed part let go of its memory
                self.at_once //= 2
                torch.cuda.empty_cache()
                self.ctx.say(f"out of memory: {self.at_once} images are now looked at together")
            else:
                done += len(chosen[these])
        return Observed(torch.cat(groups), torch.cat(vectors))

    def diversity(self, generator: LatentGenerator, places: Sequence[int]) -> float:
        """Return the mean distance (one less the cosine) of images of the same prompt.

        places: the numbers of the prompts that are looked at.
        """
        found = []
        for seed, place in enumerate(places):
            start = generator.start_noise(WATCHED, seed=seed).cpu()
            chosen = torch.full((WATCHED,), place)
            vectors = self.observe(generator, chosen, start).vectors
            alike = vectors @ vectors.T
            found.append(float(1 - (alike.sum() - WATCHED) / (WATCHED * (WATCHED - 1))))
        return float(np.mean(found))
