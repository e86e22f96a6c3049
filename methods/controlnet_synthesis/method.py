"""ControlNet synthesis: patients that the training set lacks are drawn by a latent diffusion model.

Skorupko et al., "Debiasing Cardiac Imaging with Controlled Latent Diffusion Models", arXiv
2403.19508: a latent diffusion model reads a sentence made from the patient's metadata and, through
a ControlNet (Zhang et al., ICCV 2023), the segmentation; the classifier is trained on real and
generated patients together.

Departures, measured in docs/methods.md. Trained from scratch on the training split instead of from
Stable Diffusion (with a preset whose generator has a checkpoint, from that). The rarest cells are
filled until all are level (`mode = "fill"`; the paper draws the real distribution again, which is
`copy`). Real images, of train, val and test, pass through the generator's latents before the
classifier sees them, so that it finds the same detail in both kinds (`harmonise = "latents"`). A
fixed share of every batch is generated, and cells count the same within real and generated ones.
Patients in whom networks cannot read back what was asked for are left out (`filtered`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.context import RunContext
from benchmark.contracts import GroupsUsed
from benchmark.filling import choose_owners, draw_weights, enlarged
from benchmark.training import Classifier, balanced_weights, train_classifier
from methods.controlnet_synthesis.agreement import Agreement, fit_agreement
from methods.controlnet_synthesis.plan import plan_patients
from methods.diffusion.base import trained_generator
from methods.diffusion.generator import LatentGenerator
from methods.diffusion.masks import deform

# (whom to draw, rng) -> what the generator is told: rows of label and attributes, in words
Tell = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
# (sentences, masks, seed) -> images
Draw = Callable[[pd.DataFrame, np.ndarray, int], np.ndarray]


@method
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

    groups_used: ClassVar[GroupsUsed] = "train"
    trains_generator: ClassVar[bool] = True

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the generator, draw patients, train the classifier on both."""
        return Synthesised(**vars(self.learn(train, val, ctx)))

    def learn(
        self, train: Split, val: Split, ctx: RunContext, tell: Tell = lambda rows, rng: rows
    ) -> Harmonised:
        """Do all that fit does; tell may lie to the generator about whom to draw."""
        generator = trained_generator(train, ctx)
        seen, seen_val = (
            dataclasses.replace(split, images=harmonised(split.images, generator, self.harmonise))
            for split in (train, val)
        )
        agreement = fit_agreement(seen, seen_val, ctx) if self.filtered else None
        rows = plan_patients(train, ctx.card, self.mode, self.ratio, ctx.rng("plan"))
        draw = generator.generate if self.harmonise == "noise" else generator.smooth
        added = draw_patients(draw, rows, tell(rows, ctx.rng("tell")), train, ctx, agreement)
        network = self._classifier(seen, added, seen_val, ctx)
        return Harmonised(network, generator, self.harmonise)

    def _classifier(self, train: Split, added: Split, val: Split, ctx: RunContext) -> Classifier:
        """Train the standard classifier on real and drawn patients, for its usual steps."""
        both = enlarged(train, added.images, added.masks, added.table)
        weights = draw_weights(train, added.table, ctx.card, self.share)
        if self.mix == "synthetic":
            both = both.take(np.arange(len(train), len(both)))
            weights = balanced_weights(ctx.card.encode_cells(both.table)[0])
        return train_classifier(both, val, ctx, draw_weights=weights)


@dataclass(frozen=True)
class Harmonised:
    """A classifier that sees real images as it was trained to see them."""

    network: Classifier
    drawn_by: LatentGenerator
    harmonise: str

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self.network.predict_proba(harmonised(images, self.drawn_by, self.harmonise))


@dataclass(frozen=True)
class Synthesised(Harmonised):
    """The classifier, and the generator that is judged beside it."""

    @property
    def generator(self) -> LatentGenerator:
        """What drew the patients."""
        return self.drawn_by


def harmonised(images: np.ndarray, generator: LatentGenerator, harmonise: str) -> np.ndarray:
    """Return real images as the classifier is to see them."""
    return generator.through_latents(images) if harmonise == "latents" else images


def draw_patients(
    draw: Draw,
    rows: pd.DataFrame,
    said: pd.DataFrame,
    train: Split,
    ctx: RunContext,
    agreement: Agreement | None,
) -> Split:
    """Draw the patients in rows by masks of real ones; said is what the generator is told.

    Whoever does not agree with mask and sentence is drawn once more, and then left out.
    """
    rng = ctx.rng("masks")
    owners = choose_owners(rows, train, ctx.card, rng)
    masks = deform(np.asarray(train.masks)[owners], rng)
    seed = int(ctx.rng("generated images").integers(2**31))
    ctx.say(f"drawing {len(rows)} patients")
    images = draw(said, masks, seed)
    if agreement is None:
        return Split(images, masks, rows)
    kept = agreement.keeps(images, masks, said)
    again, at_once = np.flatnonzero(~kept), kept.mean()
    if len(again):
        images[again] = draw(said.iloc[again], masks[again], seed + 1)
        kept[again] = agreement.keeps(images[again], masks[again], said.iloc[again])
    by_cell = pd.Series(kept).groupby(ctx.card.encode_cells(rows)[0]).mean()
    ctx.say(f"filter: {at_once:.0%} agree at once, {kept.mean():.0%} with a second try")
    ctx.record(
        "filter", 0, agreeing_at_once=at_once, kept=kept.mean(), kept_of_worst_cell=by_cell.min()
    )
    return Split(images, masks, rows).take(np.flatnonzero(kept))
