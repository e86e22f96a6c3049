"""Alignment fine-tuning: a text-to-image generator's groups are made to match a target.

Han et al., "Fair Text to Medical Image Diffusion Model with Subgroup Distribution Aligned Tuning",
arXiv 2406.14847: a diffusion model that was trained on a skewed corpus draws too many men for a
prompt that names no sex. Tuning makes a frozen classifier's probabilities over what it draws match
a target, while terms of CLIP consistency and distillation keep the images as they were. Only the
abstract of that paper was open to us; the losses are those of Shen et al. (ICLR 2024, arXiv
2311.07604), on which it builds: the alignment of section 4.1, the adjusted gradient of 4.2.

Departures, measured in docs/methods/alignment_finetuning.md. Cross-entropy is weighted by how often
an image got its group; with few images per prompt, neither of two groups is left out for being
assigned seldom. A small base, trained on the task's own training split, instead of Imagen tuned on
ROCO; with a preset whose generator has a checkpoint, from that. A small CLIP of the same patients
instead of a large one. Half of the images that the frozen classifier, the guide, learns from are
real ones redrawn by the base (redrawing.py); patients and groups are real. During tuning the
generator samples in fewer steps than when it draws. Low-rank matrices also stand where a small
denoiser adds the pooled prompt to the time.

For debiasing, the tuned generator draws patients from prompts that name the label and no attribute.
Where the label itself is aligned, prompts name nothing, and the label of an image is what the guide
reads in it, if it is sure.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.text_image_model import load_clip, trained_clip
from methods.alignment_finetuning.adapter import load_tuned
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.neutral_patients import (
    MixGenerator,
    learn_from_neutral,
    target_of,
)
from methods.alignment_finetuning.terms import Terms, images_of_each
from methods.alignment_finetuning.tuning import tune
from methods.shared.base import SEED, base_key
from methods.shared.generator_key import settings_of
from methods.shared.latent_generator import LatentGenerator


@method(
    groups_used="train",
    trains_generator=True,
    compare_with=("erm", "base_generator", "rebalanced_base"),
)
@dataclass(frozen=True)
class AlignmentFinetuning:
    """A text-to-image generator is tuned until its groups match a target mix."""

    aligns: str = ""  # columns, separated by commas; empty: sex, wherever the card has it
    target: str = "uniform"  # or "population" (of the card), or "female: 0.4; male: 0.6"
    form: str = choice("transport", "divergence")  # of the alignment loss
    gradient: str = choice("exact", "adjusted")
    chain: int = ranged(4, 1, 1000)  # steps of sampling while tuning; cut to base_sampling_steps
    last_steps: int = ranged(4, 1, 1000)  # of them that the gradient flows through
    adapter: str = choice("lora", "full")  # what is tuned of the denoiser
    rank: int = ranged(16, 1, 512)  # of the adapter
    rate: float = ranged(4e-3, 1e-7, 1)
    # Of two groups each image gets one at least half of the times, so 0.5 leaves no image out.
    # Above 0.64, three to five among eight images no longer move: four or more are drawn no more
    # often than that.
    least_confidence: float = ranged(0.5, 0, 1)  # below, an assigned group does not count
    image: float = ranged(0.5, 0)  # weight of staying like the untuned image
    sentence: float = ranged(1.0, 0)  # weight of staying as close to the prompt
    moved: float = ranged(0.0, 0, 1)  # part of both for images that are to change their group
    distillation: float = ranged(8.0, 0)  # weight of predicting noise as the untuned denoiser does
    ratio: float = ranged(0.5, 0, 20)  # generated patients per real one
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are generated
    sure: float = ranged(0.8, 0, 1)  # least probability of a label that the prompt did not name

    def check(self, card: TaskCard) -> None:
        """Refuse columns and a target that the card does not have, and impossible steps."""
        target_of(self, card)
        if self.last_steps > self.chain:
            raise ValueError(
                f"last_steps is {self.last_steps} and chain is {self.chain}: the gradient cannot "
                "flow through more steps than there are. Lower last_steps, or raise chain."
            )

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train base and guide, tune, draw patients, train the classifier on both."""
        target = target_of(self, ctx.card)
        batch = settings_of(ctx).tuning_batch
        images_of_each(batch, np.array(target.shares), self.terms)  # refuses before any work

        def make(base: LatentGenerator, guide: Guide, train: Split) -> MixGenerator:
            return MixGenerator(self.tuned(base, guide, train, ctx), target, before=base)

        return learn_from_neutral(
            make, target, train, val, ctx, ratio=self.ratio, share=self.share, sure=self.sure
        )

    @property
    def terms(self) -> Terms:
        """The fields that say what the loss is made of."""
        return Terms(
            form=self.form,
            gradient=self.gradient,
            chain=self.chain,
            last_steps=self.last_steps,
            least_confidence=self.least_confidence,
            image=self.image,
            sentence=self.sentence,
            moved=self.moved,
            distillation=self.distillation,
        )

    def tuned(
        self, base: LatentGenerator, guide: Guide, train: Split, ctx: RunContext
    ) -> LatentGenerator:
        """Return the tuned base, tuning it if nobody has yet."""
        settings = settings_of(ctx)
        terms = self.terms
        # From scratch, the CLIP whose text tower the base has; a checkpoint has no image tower.
        clip_folder = trained_clip(train, ctx, "generator", SEED)

        def build(folder: Path, alone: RunContext) -> None:
            tune(
                base, guide, load_clip(clip_folder, ctx.device), train, terms,
                adapter=self.adapter, rank=self.rank, rate=self.rate, folder=folder, ctx=alone,
            )  # fmt: skip

        key = {
            **base_key(train, ctx),
            "aligned": [dataclasses.asdict(guide.target), dataclasses.asdict(terms)],
            "adapter": [self.adapter, self.rank, self.rate],
            "tuning": [settings.tuning_steps, settings.tuning_batch, settings.reader],
            "guide": dict(guide.temperatures),
            "seed": ctx.seed,
            "tuning code": code_digest(Path(__file__)),
        }
        folder = ctx.train_once("aligned", key, build, resumes=True)
        return load_tuned(base, folder, ctx)
