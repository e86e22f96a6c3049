"""Tuning: the base's denoiser learns to draw the target's mix of groups, and else what it drew.

Every step draws a batch from each of a few neutral sentences: once without gradient, to see whom it
shows and to assign groups, and once more with gradient, in as many parts as memory asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.neutral_prompts import neutral_requests, spread
from benchmark.generation.text_image_model import Clip, write_prompts
from benchmark.metrics.share_metrics import total_variation
from methods.alignment_finetuning.adapter import save_tuned, trainable, with_denoiser
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.losses import (
    assign,
    off_sentence,
    towards_assigned,
    towards_target,
    unlike_untuned,
)
from methods.alignment_finetuning.sampling import Ask, draw_latents, draw_latents_adjusted
from methods.shared.generator_key import settings_of
from methods.shared.latent_generator import LatentGenerator
from methods.shared.resumable_training import Budget, remove_checkpoints, train_resumably
from methods.shared.training_pairs import training_pairs

MOST_SENTENCES = 4  # of one step, each with its part of the batch
TAUGHT = 4  # one image of so many is also held to predict noise as the untuned denoiser does
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
    work = _TuningStep(base, tuned, guide, clip, train, terms, ctx)
    budget = Budget(settings.tuning_steps, rate)
    train_resumably(
        STAGE, tuned.parts.denoiser, work.draw, work.loss, budget, folder, ctx,
        terms=work.logged, good=work.diverse,
    )  # fmt: skip
    if np.isfinite(work.last_off):  # a resumed tuning may have had no step left
        ctx.say(
            f"{STAGE}: towards {guide.target.words}; in the guide's eyes {work.each} images of a "
            f"sentence were off by {100 * work.first_off:.0f} points at the first step and by "
            f"{100 * work.last_off:.0f} at the last, some of it by the chance of so few"
        )
    save_tuned(tuned.parts.denoiser, adapter, folder)
    remove_checkpoints(folder)


def images_of_each(n: int, target: np.ndarray, terms: Terms) -> int:
    """Return how many of a step's n images each sentence gets, for up to four sentences.

    So many that the rarest group of the target can be assigned with the confidence that counts: of
    m images drawn, it is there at all with probability 1 - (1 - share)^m. Raises ValueError if even
    all n are too few.
    """
    rarest = float(target[target > 0].min())
    least = -(-n // MOST_SENTENCES)
    if terms.form != "transport" or rarest == 1 or terms.least_confidence == 0:
        return least
    if terms.least_confidence == 1:
        needed = n + 1
    else:
        needed = int(np.ceil(np.log(1 - terms.least_confidence) / np.log(1 - rarest)))
    if needed > n:
        raise ValueError(
            f"The rarest group of the target has a share of {rarest:.2g}, and among tuning_batch = "
            f"{n} images it would never be assigned with a confidence of {terms.least_confidence:g}"
            f": {needed} images are needed. Raise tuning_batch in section [generator] of a preset "
            "of your own (--preset mine.toml), or lower least_confidence."
        )
    return max(least, needed)


class _TuningStep:
    """What one step draws by chance, and its loss."""

    def __init__(
        self, base: LatentGenerator, tuned: LatentGenerator, guide: Guide, clip: Clip,
        train: Split, terms: Terms, ctx: RunContext,
    ) -> None:  # fmt: skip
        self.base, self.tuned, self.guide, self.clip = base, tuned, guide, clip
        self.terms, self.ctx, self.n = terms, ctx, settings_of(ctx).tuning_batch
        self.target = np.array(guide.target.shares)
        self.at_once = base.parts.batch
        self.each = images_of_each(self.n, self.target, terms)
        requests, _ = neutral_requests(ctx.card, guide.target.columns)
        self.sentences = write_prompts(requests, ctx.prompt)
        self.watched = write_prompts(spread(requests, WATCHED_SENTENCES), ctx.prompt)
        self.enough = LEAST_DIVERSITY * self.diversity(base)
        latents = base.parts.codec.encode(train.images)
        weights = torch.ones(len(train), dtype=torch.float64)
        # Whole sentences only: those held out from tuning are not to be seen here either.
        self.pairs = training_pairs(
            train, latents, base.parts, weights, self.n, ctx, word_dropout=0
        )
        # Weighed so that the mean over the batch is that over the images which are taught.
        self.taught = (torch.arange(self.n) % TAUGHT == 0).float()
        self.taught *= self.n / self.taught.sum()
        self.logged: dict[str, float] = {}
        self.first_off = self.last_off = np.nan  # of this process: a resumed one has its own first

    def draw(self, rng: torch.Generator) -> dict[str, Tensor]:
        """Choose sentences and noise, see whom the tuned generator draws, and assign groups.

        The images of each sentence are assigned by themselves.
        """
        parts = self.parts()
        chosen = torch.randint(len(self.sentences), (len(parts),), generator=rng)
        said = torch.cat([c.expand(len(p)) for c, p in zip(chosen, parts, strict=True)])
        start = torch.randn((self.n, *self.base.parts.shape), generator=rng)
        shown, before = (self._shown(g, said, start) for g in (self.tuned, self.base))
        chance = np.random.default_rng(int(torch.randint(2**31, (1,), generator=rng)))
        assigned, sure = torch.zeros(self.n, dtype=torch.long), torch.zeros(self.n)
        mean = torch.zeros_like(shown.groups)
        for here in parts:
            groups, how_sure = assign(shown.groups[here].numpy(), self.target, TARGET_DRAWS, chance)
            assigned[here], sure[here] = (
                torch.from_numpy(groups),
                torch.from_numpy(how_sure).float(),
            )
            mean[here] = shown.groups[here].mean(0)
        if self.terms.form == "transport":
            counts = sure >= self.terms.least_confidence
            moves = counts & (before.groups.argmax(1) != assigned)
        else:  # nobody is assigned to anything
            counts = torch.ones(self.n, dtype=torch.bool)
            moves = ~counts
        # Sentence by sentence: too few women for one do not make up for too many for another.
        off = np.mean(
            [total_variation(shown.groups[p].mean(0).numpy(), self.target) for p in parts]
        )
        counted = float(counts.float().mean())
        self.last_off = float(off)
        self.first_off = self.last_off if np.isnan(self.first_off) else self.first_off
        self.logged.clear()
        self.logged |= {"off target": float(off), "images that count": counted}
        real = {f"real {name}": value for name, value in self.pairs(rng).items()}
        return {
            "place": torch.arange(self.n),
            "start": start,
            "said": said,
            "assigned": assigned,
            "confidence": sure,
            "mean": mean,
            "untuned": before.seen,
            "weight": torch.where(moves, self.terms.moved, 1.0),
            "taught": self.taught,
            **real,
        }

    def parts(self) -> tuple[Tensor, ...]:
        """Deal the images of a step out to sentences, none of which gets fewer than it needs."""
        return torch.arange(self.n).tensor_split(max(1, self.n // self.each))

    def loss(self, chance: Mapping[str, Tensor]) -> Tensor:
        """Return the whole loss per image, (b,), and add the mean of each term to logged."""
        logged, terms, said = self.logged, self.terms, chance["said"]
        images = self._images(self.tuned, said, chance["start"], terms.last_steps)
        with torch.autocast(images.device.type, enabled=False):  # as when they were assigned
            groups, seen = self.guide.probabilities(images), self.clip.embed_images(images)
        words = self.clip.embed_prompts(self._words(said))
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
        begun = int(chance["place"][0]) > 0  # a step that ran out of memory begins anew
        for name, part in parts.items():  # of all parts that memory asked for
            term = float(part.detach().sum()) / self.n
            logged[f"loss, {name}"] = term + (logged[f"loss, {name}"] if begun else 0.0)
        return torch.stack(list(parts.values())).sum(0)

    def diverse(self) -> bool:
        """Say whether the tuned generator draws images that differ enough from each other."""
        found = self.logged["diversity"] = self.diversity(self.tuned)
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
            start = generator.start_noise(WATCHED, seed=place).cpu()
            said = torch.full((WATCHED,), self.sentences.index(sentence))
            seen = self._shown(generator, said, start).seen
            alike = seen @ seen.T
            found.append(float(1 - (alike.sum() - WATCHED) / (WATCHED * (WATCHED - 1))))
        return float(np.mean(found))

    @torch.no_grad()
    def _shown(self, generator: LatentGenerator, said: Tensor, start: Tensor) -> _Seen:
        """Draw without gradient, as many images at a time as memory holds, and look at them."""
        groups, seen, done = [], [], 0
        while done < len(said):
            these, full = slice(done, done + self.at_once), False
            try:
                images = self._images(generator, said[these], start[these].to(self.ctx.device), 0)
                groups.append(self.guide.probabilities(images).cpu())
                seen.append(self.clip.embed_images(images).cpu())
            except torch.OutOfMemoryError:
                if self.at_once == 1:
                    raise
                full = True
            if full:  # only here has the failed part let go of its memory
                self.at_once //= 2
                torch.cuda.empty_cache()
                self.ctx.say(f"out of memory: {self.at_once} images are now looked at together")
            else:
                done += len(said[these])
        return _Seen(torch.cat(groups), torch.cat(seen))

    def _words(self, said: Tensor) -> list[str]:
        return [self.sentences[place] for place in said.tolist()]

    def _images(self, generator: LatentGenerator, said: Tensor, start: Tensor, last: int) -> Tensor:
        sample = draw_latents if self.terms.gradient == "exact" else draw_latents_adjusted
        ask: Ask = generator.predictor_for(self._words(said))
        solver = generator.parts.solver(self.terms.chain)
        latents = sample(ask, solver, start, last)
        with torch.autocast(latents.device.type, enabled=False):
            return checkpoint(generator.parts.codec.pixels, latents, use_reentrant=False)

    def _distilled(self, chance: Mapping[str, Tensor]) -> Tensor:
        """How far the tuned denoiser's predictions are from the untuned one's on real images, (b,).

        Only where it is taught, times the weight of that.
        """
        weight = chance["taught"]
        taught = weight > 0
        far = torch.zeros(len(taught), device=self.ctx.device)
        if not taught.any():
            return far
        latents, noise, times, text = (
            chance[f"real {name}"][taught] for name in ("latents", "noise", "times", "text")
        )
        noisy = self.base.parts.schedule.add_noise(latents, noise, times)
        with torch.no_grad():
            aim = self.base.parts.denoiser(noisy, times, text).sample.float()
        learned = self.tuned.parts.denoiser(noisy, times, text).sample.float()
        return far.masked_scatter(taught, (learned - aim).square().mean((1, 2, 3))) * weight


@dataclass(frozen=True)
class _Seen:
    """What guide and CLIP see in images, on the CPU."""

    groups: Tensor  # (n, groups)
    seen: Tensor  # (n, width), unit vectors
