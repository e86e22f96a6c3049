"""ControlNet synthesis: patients that the training set lacks are drawn by a latent diffusion model.

Skorupko et al., "Debiasing Cardiac Imaging with Controlled Latent Diffusion Models", arXiv
2403.19508: a latent diffusion model reads a prompt made from the patient's metadata and, through a
ControlNet (Zhang et al., ICCV 2023), the segmentation; the classifier is trained on real and
generated patients together.

Departures, measured in docs/methods/controlnet_synthesis.md. Trained from scratch on the training
split instead of from Stable Diffusion (with a preset whose generator has a checkpoint, from that).
The rarest cells are filled first (`mode = "fill"`; the paper draws the real distribution again,
which is `copy`), and every cell gets some, so that "looks generated" stands for one label in no
group. Real images, of train, val and test, pass through the generator's latents before the
classifier sees them, which removes the detail that no generated image can have (`harmonise =
"latents"`). A fixed share of every batch is generated, and cells weigh the same within real and
generated patients. Generated patients that do not show what was asked for, as networks read them,
are left out (`filtered`)."""

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

TRIES = 3  # to draw a patient that the filter keeps
# (requests, rng) -> the requests that the generator gets instead: label and attributes, in words
ChangePrompts = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
# (requests, masks, seed) -> images
Draw = Callable[[pd.DataFrame, np.ndarray, int], np.ndarray]


@method(groups_used="train", trains_generator=True, compare_with=("erm", "duplicate_real"))
@dataclass(frozen=True)
class ControlNetSynthesis:
    """A diffusion model draws the patients that the training set lacks, by prompt and mask."""

    mode: str = choice("fill", "even", "copy", "random")  # which cells to fill
    mix: str = choice("both", "synthetic")  # what the classifier is trained on
    ratio: float = ranged(1.0, 0, 20)  # generated patients per real one; 0 with fill: until level
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are generated
    # latents: real images pass through them; noise: generated ones get noise; none: neither
    harmonise: str = choice("latents", "noise", "none")
    filtered: bool = True  # keep only patients that show what was asked for

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the generator, draw patients, train the classifier on both."""
        generator = trained_generator(train, ctx)
        learned = self.learn(generator, train, val, ctx)
        return Synthesised(learned.network, learned.preprocess, generator)

    def learn(
        self, generator: LatentGenerator, train: Split, val: Split, ctx: RunContext,
        change_prompts: ChangePrompts | None = None,
    ) -> PreprocessedClassifier:  # fmt: skip
        """Do all that fit does with a trained generator.

        change_prompts: gives the generator other attributes than those that the classifier learns;
        the filter then checks mask and label alone.
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
    """The classifier, and the generator that is measured beside it."""

    generator: LatentGenerator


def draw_patients(
    draw: Draw,
    rows: pd.DataFrame,
    asked: pd.DataFrame,
    train: Split,
    ctx: RunContext,
    sample_filter: SampleFilter | None,
) -> Split:
    """Draw the patients in rows by masks of real ones; asked: the requests that the generator gets.

    Patients that the filter rejects are drawn again, a few times, and then left out.
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
    """Log and record how many patients the filter kept, and whether it emptied a cell."""
    emptied = set(cells) - set(cells[kept])
    ctx.say(f"filter: {at_once:.0%} kept at once, {kept.mean():.0%} in {TRIES} tries")
    if emptied:
        ctx.say(f"filter: no patient is left in {len(emptied)} of {len(set(cells))} cells")
    ctx.record("filter", 0, agreeing_at_once=at_once, kept=kept.mean(), cells_emptied=len(emptied))
