"""One step of tuning: what it draws at random, and its loss.

A step draws a batch for each of a few neutral prompts, sees which groups they show, assigns groups
and computes the loss. Where memory suffices (draws_once) the images are drawn once. Elsewhere they
are drawn without gradient to be assigned, and once more with gradient, in as many parts as memory
asks for.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.neutral_prompts import neutral_requests, spread
from benchmark.generation.text_image_model import Clip, write_prompts
from benchmark.metrics.share_metrics import total_variation
from benchmark.presets.settings import ScratchSettings
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.losses import (
    assign,
    off_prompt,
    towards_assigned,
    towards_target,
    unlike_untuned,
)
from methods.alignment_finetuning.observer import Observed, Observer
from methods.alignment_finetuning.terms import Terms, images_of_each
from methods.shared.generator_key import settings_of
from methods.shared.latent_generator import LatentGenerator
from methods.shared.training_pairs import training_pairs

TAUGHT = 4  # one image of so many is also held to predict noise as the untuned denoiser does
TARGET_DRAWS = 20  # times that groups are drawn from the target for one batch
LEAST_DIVERSITY = 0.5  # of the untuned generator's; below, the tuning has collapsed
WATCHED_PROMPTS = 3  # that diversity is measured on
STAGE = "alignment"


def draws_once(ctx: RunContext) -> bool:
    """Return whether a step keeps all that the way back needs: a small denoiser's, on a CPU.

    At `quick` the process stays below 1.5 GB. A device with memory of its own, and a checkpoint of
    any size, draws twice and computes a third time on the way back.
    """
    return ctx.device.type == "cpu" and isinstance(settings_of(ctx), ScratchSettings)


class TuningStep:
    """What one step draws at random, and its loss."""

    def __init__(
        self, base: LatentGenerator, tuned: LatentGenerator, guide: Guide, clip: Clip,
        train: Split, terms: Terms, ctx: RunContext,
    ) -> None:  # fmt: skip
        self.base, self.tuned, self.guide, self.clip = base, tuned, guide, clip
        self.terms, self.ctx, self.n = terms, ctx, settings_of(ctx).tuning_batch
        self.target = np.array(guide.target.shares)
        self.each = images_of_each(self.n, self.target, terms)
        requests, _ = neutral_requests(ctx.card, guide.target.columns)
        prompts = write_prompts(requests, ctx.prompt)
        self.observer = Observer(prompts, guide, clip, terms, base.parts.batch, ctx)
        watched = write_prompts(spread(requests, WATCHED_PROMPTS), ctx.prompt)
        self.watched = [prompts.index(prompt) for prompt in watched]
        self.enough = LEAST_DIVERSITY * self.diversity(base)
        latents = base.parts.codec.encode(train.images)
        weights = torch.ones(len(train), dtype=torch.float64)
        # Whole prompts only: those held out from tuning must not be seen here either.
        self.pairs = training_pairs(
            train, latents, base.parts, weights, self.n, ctx, word_dropout=0
        )
        # Weighted so that the mean over the batch is that over the images that are taught.
        self.taught = (torch.arange(self.n) % TAUGHT == 0).float()
        self.taught *= self.n / self.taught.sum()
        self.once = draws_once(ctx)
        self.drawn: Observed | None = None  # of this step, with its gradient, if it draws once
        self.logged: dict[str, float] = {}
        self.first_off = self.last_off = np.nan  # of this process: a resumed one has its own first

    def draw(self, rng: torch.Generator) -> dict[str, Tensor]:
        """Choose prompts and noise, see which groups the tuned generator draws, and assign groups.

        The images of each prompt are assigned by themselves.
        """
        parts = self.parts()
        picked = torch.randint(len(self.observer.prompts), (len(parts),), generator=rng)
        chosen = torch.cat([c.expand(len(p)) for c, p in zip(picked, parts, strict=True)])
        start = torch.randn((self.n, *self.base.parts.shape), generator=rng)
        shown = self._shown(chosen, start)
        before = self.observer.observe(self.base, chosen, start)
        noise = np.random.default_rng(int(torch.randint(2**31, (1,), generator=rng)))
        assigned, confidence, mean = self._assign(shown.groups, parts, noise)
        counts, moves = self._moves(before.groups, assigned, confidence)
        self._log(shown.groups, parts, counts)
        real = {f"real {name}": value for name, value in self.pairs(rng).items()}
        return {
            "place": torch.arange(self.n),
            "start": start,
            "prompt": chosen,
            "assigned": assigned,
            "confidence": confidence,
            "mean": mean,
            "untuned": before.vectors,
            "weight": torch.where(moves, self.terms.moved, 1.0),
            "taught": self.taught,
            **real,
        }

    def _shown(self, chosen: Tensor, start: Tensor) -> Observed:
        """Return what the tuned generator draws, and keep it for the loss if a step draws once."""
        if not self.once:
            return self.observer.observe(self.tuned, chosen, start)
        last = self.terms.last_steps
        self.drawn = self.observer.look(self.tuned, chosen, start, last, recompute=False)
        return self.drawn.alone()

    def _seen(self, drawn: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return probabilities of groups and vectors of these images, with their gradients."""
        if self.drawn is not None:
            place = drawn["place"]
            return self.drawn.groups[place], self.drawn.vectors[place]
        chosen, start = drawn["prompt"], drawn["start"]
        seen = self.observer.look(self.tuned, chosen, start, self.terms.last_steps)
        return seen.groups, seen.vectors

    def parts(self) -> tuple[Tensor, ...]:
        """Deal the images of a step out to prompts; none gets fewer than it needs."""
        return torch.arange(self.n).tensor_split(max(1, self.n // self.each))

    def _assign(
        self, groups: Tensor, parts: tuple[Tensor, ...], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Assign groups prompt by prompt: (n,), their confidence (n,), mean probabilities."""
        assigned, confidence = torch.zeros(self.n, dtype=torch.long), torch.zeros(self.n)
        mean = torch.zeros_like(groups)
        for here in parts:
            found, sure = assign(groups[here].numpy(), self.target, TARGET_DRAWS, rng)
            assigned[here] = torch.from_numpy(found)
            confidence[here] = torch.from_numpy(sure).float()
            mean[here] = groups[here].mean(0)
        return assigned, confidence, mean

    def _moves(
        self, untuned: Tensor, assigned: Tensor, confidence: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return which images count, (n,) bool, and which of them are to change their group."""
        if self.terms.form != "transport":  # nothing is assigned
            counts = torch.ones(self.n, dtype=torch.bool)
            return counts, ~counts
        counts = confidence >= self.terms.least_confidence
        return counts, counts & (untuned.argmax(1) != assigned)

    def _log(self, groups: Tensor, parts: tuple[Tensor, ...], counts: Tensor) -> None:
        """Log how far the mix is off, prompt by prompt: errors of two prompts do not cancel."""
        off = np.mean([total_variation(groups[p].mean(0).numpy(), self.target) for p in parts])
        self.last_off = float(off)
        self.first_off = self.last_off if np.isnan(self.first_off) else self.first_off
        self.logged.clear()
        self.logged |= {"off target": float(off), "images that count": float(counts.float().mean())}

    def loss(self, drawn: Mapping[str, Tensor]) -> Tensor:
        """Return the whole loss per image, (b,), and add the mean of each term to logged."""
        terms, chosen, weight = self.terms, drawn["prompt"], drawn["weight"]
        groups, vectors = self._seen(drawn)
        prompts = self.clip.embed_prompts(self.observer.words(chosen))
        parts = {
            "aligned": self._aligned(groups, drawn),
            "image": terms.image * weight * unlike_untuned(vectors, drawn["untuned"]),
            "sentence": terms.sentence * weight * off_prompt(vectors, prompts, drawn["untuned"]),
            "distillation": terms.distillation * self._distilled(drawn),
        }
        begun = int(drawn["place"][0]) > 0  # a step that ran out of memory begins anew
        for name, part in parts.items():  # of all parts that memory asked for
            term = float(part.detach().sum()) / self.n
            logged = self.logged[f"loss, {name}"] if begun else 0.0
            self.logged[f"loss, {name}"] = term + logged
        return torch.stack(list(parts.values())).sum(0)

    def _aligned(self, groups: Tensor, drawn: Mapping[str, Tensor]) -> Tensor:
        """Return the alignment term for probabilities of groups, (b, groups) to (b,)."""
        if self.terms.form == "transport":
            least = self.terms.least_confidence
            return towards_assigned(groups, drawn["assigned"], drawn["confidence"], least)
        target = torch.tensor(self.target, dtype=groups.dtype, device=groups.device)
        return towards_target(groups, drawn["mean"], target)

    def _distilled(self, drawn: Mapping[str, Tensor]) -> Tensor:
        """How far the tuned denoiser's predictions are from the untuned one's on real images, (b,).

        Only where it is taught, times the weight of that.
        """
        weight = drawn["taught"]
        taught = weight > 0
        far = torch.zeros(len(taught), device=self.ctx.device)
        if not taught.any():
            return far
        latents, noise, times, text = (
            drawn[f"real {name}"][taught] for name in ("latents", "noise", "times", "text")
        )
        noisy = self.base.parts.schedule.add_noise(latents, noise, times)
        with torch.no_grad():
            aim = self.base.parts.denoiser(noisy, times, text).sample.float()
        learned = self.tuned.parts.denoiser(noisy, times, text).sample.float()
        return far.masked_scatter(taught, (learned - aim).square().mean((1, 2, 3))) * weight

    def diversity(self, generator: LatentGenerator) -> float:
        """Return how much images of the same prompt differ, over a few prompts."""
        return self.observer.diversity(generator, self.watched)

    def diverse(self) -> bool:
        """Return whether the tuned generator draws images that differ enough from each other."""
        found = self.logged["diversity"] = self.diversity(self.tuned)
        if found < self.enough:
            self.ctx.say(
                f"{STAGE}: diversity fell to {found:.2f}, below {self.enough:.2f}, half of what it "
                "was: the tuning has collapsed. A smaller rate, or more weight on image and "
                "distillation, usually helps."
            )
        return found >= self.enough
