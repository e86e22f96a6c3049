"""ControlNet synthesis: patients that the training set lacks are drawn by a latent diffusion model.

Skorupko et al., "Debiasing Cardiac Imaging with Controlled Latent Diffusion Models", arXiv
2403.19508: a latent diffusion model reads a sentence made from the patient's metadata and, through
a ControlNet (Zhang et al., ICCV 2023), the segmentation; the classifier is trained on real and
generated patients together.

Departures, measured in docs/methods.md. Trained from scratch on the training split instead of from
Stable Diffusion (with a preset whose generator has a checkpoint, from that). The rarest cells are
filled first (`mode = "fill"`; the paper draws the real distribution again, which is `copy`), and
every cell gets some, so that in no group "looks generated" means one label. Real images, of train,
val and test, pass through the generator's latents before the classifier sees them: what no
generated image can have is gone from them too (`harmonise = "latents"`). A fixed share of every
batch is generated, and cells count the same within real and generated ones. Patients in whom
networks cannot read back what was asked for are left out (`filtered`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.api.context import RunContext
from benchmark.generation.patient_requests import choose_mask_donors
from benchmark.metrics.generation.image_metrics import spectrum_ratio
from methods.controlnet_synthesis.plan import plan_patients
from methods.controlnet_synthesis.sample_filter import SampleFilter, fit_sample_filter
from methods.shared.classifier_side import (
    PreprocessedClassifier,
    preprocessed,
    preprocessing,
    train_on_both,
)
from methods.shared.controlnet import trained_generator
from methods.shared.latent_generator import LatentGenerator
from methods.shared.masks import deform

TRIES = 3  # to draw a patient that agrees with mask and sentence
# (whom to draw, rng) -> what the generator is told instead: label and attributes, in words
ChangePrompts = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
# (whom to draw, masks, seed) -> images
Draw = Callable[[pd.DataFrame, np.ndarray, int], np.ndarray]


@method(groups_used="train", trains_generator=True)
@dataclass(frozen=True)
class ControlNetSynthesis:
    """A diffusion model draws the patients whom the training set lacks, by sentence and mask."""

    mode: str = choice("fill", "even", "copy", "random")  # whom to generate
    mix: str = choice("both", "synthetic")  # what the classifier is trained on
    ratio: float = ranged(1.0, 0, 20)  # generated patients per real one; 0 with fill: until level
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are generated
    # latents: real images pass through them; noise: generated ones get noise; none: neither
    harmonise: str = choice("latents", "noise", "none")
    filtered: bool = True  # keep only patients in whom what was asked for can be read back

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the generator, draw patients, train the classifier on both."""
        generator = trained_generator(train, ctx)
        learned = self.learn(generator, train, val, ctx)
        return Synthesised(learned.network, learned.preprocess, generator)

    def learn(
        self, generator: LatentGenerator, train: Split, val: Split, ctx: RunContext,
        change_prompts: ChangePrompts | None = None,
    ) -> PreprocessedClassifier:  # fmt: skip
        """Do all that fit does; with a lie the generator is told about other people's attributes.

        What it was not told, the filter does not ask for.
        """
        preprocess = preprocessing(train, ctx, self.harmonise)
        real, real_val = preprocessed(train, preprocess), preprocessed(val, preprocess)
        sample_filter = fit_sample_filter(real, real_val, ctx) if self.filtered else None
        rows = asked = plan_patients(train, ctx.card, self.mode, self.ratio, ctx.rng("plan"))
        if change_prompts is not None:
            asked = change_prompts(rows, ctx.rng("lie"))
            sample_filter = sample_filter and sample_filter.of_label_alone()
        draw = generator.generate if self.harmonise == "noise" else generator.smooth
        added = draw_patients(draw, rows, asked, train, ctx, sample_filter)
        if len(added):
            ctx.record("seen", 0, spectrum_ratio=spectrum_ratio(real.images, added.images))
        return train_on_both(real, added, real_val, preprocess, ctx, share=self.share, mix=self.mix)


@dataclass(frozen=True)
class Synthesised(PreprocessedClassifier):
    """The classifier, and the generator that is judged beside it."""

    generator: LatentGenerator


def draw_patients(
    draw: Draw,
    rows: pd.DataFrame,
    asked: pd.DataFrame,
    train: Split,
    ctx: RunContext,
    sample_filter: SampleFilter | None,
) -> Split:
    """Draw the patients in rows by masks of real ones; told is what the generator hears of them.

    Who does not agree with mask and words is drawn anew, a few times, and then left out.
    """
    rng = ctx.rng("masks")
    donors = choose_mask_donors(rows, train, ctx.card, rng)
    masks = deform(np.asarray(train.masks)[donors], rng)
    seed = int(ctx.rng("generated images").integers(2**31))
    ctx.say(f"drawing {len(rows)} patients")
    images = draw(asked, masks, seed)
    if sample_filter is None or not len(rows):
        return Split(images, masks, rows)
    kept = sample_filter.keeps(images, masks, asked)
    at_once = kept.mean()
    for again in range(1, TRIES):
        left = np.flatnonzero(~kept)
        if not len(left):
            break
        images[left] = draw(asked.iloc[left], masks[left], seed + again)
        kept[left] = sample_filter.keeps(images[left], masks[left], asked.iloc[left])
    _report(ctx.card.encode_cells(rows)[0], kept, at_once, ctx)
    return Split(images, masks, rows).take(np.flatnonzero(kept))


def _report(cells: np.ndarray, kept: np.ndarray, at_once: float, ctx: RunContext) -> None:
    """Say and record how many patients the filter left, and whether it emptied a cell."""
    emptied = set(cells) - set(cells[kept])
    ctx.say(f"filter: {at_once:.0%} agree at once, {kept.mean():.0%} in {TRIES} tries")
    if emptied:
        ctx.say(f"filter: nobody is left in {len(emptied)} of {len(set(cells))} cells")
    ctx.record("filter", 0, agreeing_at_once=at_once, kept=kept.mean(), cells_emptied=len(emptied))
