"""Tuning: the base's denoiser learns to draw the target's mix of groups, and else what it drew.

Every step draws a batch from each of a few neutral sentences: once without gradient, to see whom it
shows and to assign groups, and once more with gradient, in as many parts as memory asks for.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from benchmark.clip import Clip, write_sentences
from benchmark.context import RunContext
from benchmark.contracts import Split
from benchmark.target import neutral_requests, spread
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.losses import (
    assign,
    off_sentence,
    towards_assigned,
    towards_target,
    unlike_untuned,
)
from methods.alignment_finetuning.sampling import Ask, draw_latents, draw_latents_adjusted
from methods.diffusion.base import drop_checkpoints, pairs_to_learn, settings_of
from methods.diffusion.denoiser import settle
from methods.diffusion.generator import LatentGenerator
from methods.diffusion.optimise import Budget, optimise
from methods.diffusion.pretrained import add_adapter, merge_adapter, save_adapter

ADAPTER = "alignment"
SENTENCES = 4  # of one step, each with its part of the batch
TARGET_DRAWS = 20  # times that groups are drawn from the target for one batch
LEAST_DIVERSITY = 0.5  # of the untuned generator's; below, the tuning has collapsed
WATCHED = 32  # images that diversity is measured on, of each of a few sentences
WATCHED_SENTENCES = 3
STAGE = "alignment"


@dataclass(frozen=True)
class Terms:
    """The parts of the loss and how they are come by; fields of the method."""

    form: str  # transport or divergence
    gradient: str  # exact or adjusted
    chain: int  # steps of sampling while tuning
    last_steps: int  # of them that the gradient flows through
    least_confidence: float  # of an assigned group, below which it does not count
    image: float  # weight of staying like the untuned image
    sentence: float  # weight of staying as close to the sentence
    moved: float  # part of these two weights for images that are to change their group
    distillation: float  # weight of predicting noise as the untuned denoiser does


def tune(
    base: LatentGenerator, guide: Guide, clip: Clip, train: Split, terms: Terms, *,
    adapter: str, rank: int, rate: float, folder: Path, ctx: RunContext,
) -> None:  # fmt: skip
    """Tune a copy of the base's denoiser and write its adapter, or all of it, into folder."""
    settings = settings_of(ctx)
    torch.manual_seed(int(ctx.rng("alignment: weights").integers(2**62)))
    tuned = with_denoiser(base, trainable(base.parts.denoiser, adapter, rank, ctx))
    work = _Work(base, tuned, guide, clip, train, terms, ctx)
    good = work.diverse if settings.tuning_steps else None
    budget = Budget(settings.tuning_steps, rate)
    logged: dict[str, float] = {}
    optimise(
        STAGE, tuned.parts.denoiser, work.draw, partial(work.loss, logged), budget, folder, ctx,
        terms=logged, good=good,
    )  # fmt: skip
    save_tuned(tuned.parts.denoiser, adapter, folder)
    drop_checkpoints(folder)


def with_denoiser(base: LatentGenerator, denoiser: UNet2DConditionModel) -> LatentGenerator:
    """Return the same generator with another denoiser."""
    return dataclasses.replace(base, parts=dataclasses.replace(base.parts, denoiser=denoiser))


def trainable(
    denoiser: UNet2DConditionModel, adapter: str, rank: int, ctx: RunContext
) -> UNet2DConditionModel:
    """Copy a denoiser; "lora": only low-rank matrices in its attention train, "full": all of it."""
    tuned = copy.deepcopy(denoiser)
    if adapter == "lora":
        add_adapter(tuned, ADAPTER, rank)
    else:
        tuned.float().requires_grad_(True)
    return settle(tuned.to(ctx.device), ctx.device)


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
        merge_adapter(denoiser, folder / "adapter", ADAPTER)
    denoiser = settle(denoiser.to(ctx.device), ctx.device).eval().requires_grad_(False)
    return with_denoiser(base, denoiser)


class _Work:
    """What one step draws by chance, and its loss."""

    def __init__(
        self, base: LatentGenerator, tuned: LatentGenerator, guide: Guide, clip: Clip,
        train: Split, terms: Terms, ctx: RunContext,
    ) -> None:  # fmt: skip
        self.base, self.tuned, self.guide, self.clip = base, tuned, guide, clip
        self.terms, self.ctx, self.n = terms, ctx, settings_of(ctx).tuning_batch
        self.target = np.array(guide.target.shares)
        requests, _ = neutral_requests(ctx.card, guide.target.columns)
        self.sentences = write_sentences(requests, ctx.prompt)
        self.watched = write_sentences(spread(requests, WATCHED_SENTENCES), ctx.prompt)
        self.enough = LEAST_DIVERSITY * self.diversity(base)
        latents = base.parts.codec.encode(train.images)
        weights = torch.ones(len(train), dtype=torch.float64)
        self.pairs = pairs_to_learn(train, latents, base.parts, weights, self.n, ctx)

    def draw(self, rng: torch.Generator) -> dict[str, Tensor]:
        """Choose sentences and noise, see whom the tuned generator draws, and assign groups.

        The images of each sentence are assigned by themselves.
        """
        chosen = torch.randint(len(self.sentences), (SENTENCES,), generator=rng)
        said = chosen.repeat_interleave(-(-self.n // SENTENCES))[: self.n]
        start = torch.randn((self.n, *self.base.parts.shape), generator=rng)
        shown, before = (self._shown(g, said, start) for g in (self.tuned, self.base))
        chance = np.random.default_rng(int(torch.randint(2**31, (1,), generator=rng)))
        assigned, sure = torch.zeros(self.n, dtype=torch.long), torch.zeros(self.n)
        mean = torch.zeros_like(shown.groups)
        for here in torch.arange(self.n).split(-(-self.n // SENTENCES)):
            groups, how_sure = assign(shown.groups[here].numpy(), self.target, TARGET_DRAWS, chance)
            assigned[here], sure[here] = (
                torch.from_numpy(groups),
                torch.from_numpy(how_sure).float(),
            )
            mean[here] = shown.groups[here].mean(0)
        same = before.groups.argmax(1) == assigned
        real = {f"real {name}": value for name, value in self.pairs(rng).items()}
        return {
            "start": start,
            "said": said,
            "assigned": assigned,
            "confidence": sure,
            "mean": mean,
            "untuned": before.seen,
            "weight": torch.where(same, 1.0, self.terms.moved),
            **real,
        }

    def loss(self, logged: dict[str, float], chance: Mapping[str, Tensor]) -> Tensor:
        """Return the whole loss per image, (b,), and leave the mean of each term in logged."""
        terms, said = self.terms, chance["said"]
        images = self._images(self.tuned, said, chance["start"], terms.last_steps)
        groups, seen = self.guide.probabilities(images), self.clip.see(images)
        words = self.clip.say(self._words(said))
        if terms.form == "transport":
            aligned = towards_assigned(
                groups, chance["assigned"], chance["confidence"], terms.least_confidence
            )
        else:
            target = torch.tensor(self.target, dtype=groups.dtype, device=groups.device)
            aligned = towards_target(groups, chance["mean"], target)
        parts = {
            "aligned": aligned,
            "image": terms.image * chance["weight"] * unlike_untuned(seen, chance["untuned"]),
            "sentence": terms.sentence
            * chance["weight"]
            * off_sentence(seen, words, chance["untuned"]),
            "distillation": terms.distillation * self._distilled(chance),
        }
        logged |= {f"loss, {name}": float(part.detach().mean()) for name, part in parts.items()}
        off = (chance["mean"].mean(0).cpu() - torch.from_numpy(self.target)).abs().sum() / 2
        logged["off target"] = float(off)
        return torch.stack(list(parts.values())).sum(0)

    def diverse(self) -> bool:
        """Say whether the tuned generator draws images that differ enough from each other."""
        found = self.diversity(self.tuned)
        if found < self.enough:
            self.ctx.say(
                f"{STAGE}: diversity fell to {found:.2f}, below {self.enough:.2f}, half of what it "
                "was: the tuning has collapsed. A smaller rate, or more weight on image and "
                "distillation, usually helps."
            )
        return found >= self.enough

    def diversity(self, generator: LatentGenerator) -> float:
        """Return the mean distance (one less the cosine) of images of the same sentence."""
        found = []
        for place, sentence in enumerate(self.watched):
            start = generator.noise_of(WATCHED, seed=place).cpu()
            said = torch.full((WATCHED,), self.sentences.index(sentence))
            seen = self._shown(generator, said, start).seen
            alike = seen @ seen.T
            found.append(float(1 - (alike.sum() - WATCHED) / (WATCHED * (WATCHED - 1))))
        return float(np.mean(found))

    @torch.no_grad()
    def _shown(self, generator: LatentGenerator, said: Tensor, start: Tensor) -> _Shown:
        """Draw without gradient, a few images at a time, and look at them."""
        groups, seen, together = [], [], generator.parts.batch
        for some, part in zip(said.split(together), start.split(together), strict=True):
            images = self._images(generator, some, part.to(self.ctx.device), 0)
            groups.append(self.guide.probabilities(images).cpu())
            seen.append(self.clip.see(images).cpu())
        return _Shown(torch.cat(groups), torch.cat(seen))

    def _words(self, said: Tensor) -> list[str]:
        return [self.sentences[place] for place in said.tolist()]

    def _images(self, generator: LatentGenerator, said: Tensor, start: Tensor, last: int) -> Tensor:
        sample = draw_latents if self.terms.gradient == "exact" else draw_latents_adjusted
        ask: Ask = generator.asking(self._words(said))
        solver = generator.parts.solver(self.terms.chain)
        return generator.parts.codec.pixels(sample(ask, solver, start, last))

    def _distilled(self, chance: Mapping[str, Tensor]) -> Tensor:
        """How far the tuned denoiser's predictions are from the untuned one's on real images, (b,).

        A quarter of the batch stands for all: this is the surest of the terms.
        """
        some = slice(max(1, len(chance["start"]) // 4))
        latents, noise, times, tokens = (
            chance[f"real {name}"][some] for name in ("latents", "noise", "times", "tokens")
        )
        noisy = self.base.parts.schedule.add_noise(latents, noise, times)
        text = self.base.parts.sentences.encode(tokens)
        with torch.no_grad():
            taught = self.base.parts.denoiser(noisy, times, text).sample.float()
        learned = self.tuned.parts.denoiser(noisy, times, text).sample.float()
        return (learned - taught).square().mean().expand(len(chance["start"]))


@dataclass(frozen=True)
class _Shown:
    """What guide and CLIP see in images, on the CPU."""

    groups: Tensor  # (n, groups)
    seen: Tensor  # (n, width), unit vectors
