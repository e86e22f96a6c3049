"""ControlNet synthesis: patients that the training set lacks are drawn by a latent diffusion model.

Skorupko et al., "Debiasing Cardiac Imaging with Controlled Latent Diffusion Models", arXiv
2403.19508: a latent diffusion model reads a sentence made from the patient's metadata and, through
a ControlNet (Zhang et al., ICCV 2023), the segmentation; the classifier is trained on real and
generated patients together.

Departures, measured in docs/methods.md. Trained from scratch on the training split instead of from
Stable Diffusion, so masks are taught together with sentences. Generated patients are equally many
in every cell (`mode = "even"`): where they carry mostly one label, the classifier learns that
looking generated means ill. Real images, of train, val and test, pass through the generator's
latents before the classifier sees them, so that it finds the same detail in both kinds
(`harmonise = "latents"`). A fixed share of every batch is generated, and cells count the same
within real and generated ones.
"""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.context import RunContext
from benchmark.contracts import GroupsUsed
from benchmark.filling import choose_owners, draw_weights, enlarged
from benchmark.training import Classifier, balanced_weights, train_classifier
from methods.controlnet_synthesis.plan import plan_patients
from methods.diffusion.base import trained_generator
from methods.diffusion.generator import LatentGenerator
from methods.diffusion.masks import deform


@method
@dataclass(frozen=True)
class ControlNetSynthesis:
    """A diffusion model draws new patients of every cell, by sentence and mask, to learn from."""

    mode: str = choice("even", "fill", "copy", "random")  # whom to generate
    mix: str = choice("both", "synthetic")  # what the classifier is trained on
    ratio: float = ranged(1.0, 0, 20)  # generated patients per real one; 0 with fill: until level
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are generated
    # latents: real images pass through them; noise: generated ones get noise; none: neither
    harmonise: str = choice("latents", "noise", "none")

    groups_used: ClassVar[GroupsUsed] = "train"
    trains_generator: ClassVar[bool] = True

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the generator, draw patients, train the classifier on both."""
        generator = trained_generator(train, ctx)
        rows = plan_patients(train, ctx.card, self.mode, self.ratio, ctx.rng("plan"))
        generated = draw_patients(generator, rows, rows, train, ctx, self.harmonise)
        settings = self.mix, self.share, self.harmonise
        learned = learn_from_both(generator, generated, train, val, ctx, *settings)
        return Synthesised(**vars(learned))


@dataclass(frozen=True)
class Harmonised:
    """A classifier that sees real images as it was trained to see them."""

    network: Classifier
    drawn_by: LatentGenerator
    harmonise: str

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self.network.predict_proba(seen(images, self.drawn_by, self.harmonise))


@dataclass(frozen=True)
class Synthesised(Harmonised):
    """The classifier, and the generator that is judged beside it."""

    @property
    def generator(self) -> LatentGenerator:
        """What drew the patients."""
        return self.drawn_by


def seen(images: np.ndarray, generator: LatentGenerator, harmonise: str) -> np.ndarray:
    """Return real images as the classifier is to see them."""
    return generator.through_latents(images) if harmonise == "latents" else images


def draw_patients(
    generator: LatentGenerator,
    rows: pd.DataFrame,
    said: pd.DataFrame,
    train: Split,
    ctx: RunContext,
    harmonise: str,
) -> Split:
    """Draw the patients in rows by masks of real ones; said is what the generator is told."""
    rng = ctx.rng("masks")
    owners = choose_owners(rows, train, ctx.card, rng)
    masks = deform(np.asarray(train.masks)[owners], rng)
    seed = int(ctx.rng("generated images").integers(2**31))
    ctx.say(f"drawing {len(rows)} patients")
    draw = generator.generate if harmonise == "noise" else generator.smooth
    return Split(draw(said, masks, seed), masks, rows)


def learn_from_both(
    generator: LatentGenerator,
    generated: Split,
    train: Split,
    val: Split,
    ctx: RunContext,
    mix: str = "both",
    share: float = 0.5,
    harmonise: str = "latents",
) -> Harmonised:
    """Train the standard classifier on real and generated patients, for its usual steps."""
    train, val = (
        dataclasses.replace(split, images=seen(split.images, generator, harmonise))
        for split in (train, val)
    )
    both = enlarged(train, generated.images, generated.masks, generated.table)
    weights = draw_weights(train, generated.table, ctx.card, share)
    if mix == "synthetic":
        both = both.take(np.arange(len(train), len(both)))
        weights = balanced_weights(ctx.card.encode_cells(both.table)[0])
    network = train_classifier(both, val, ctx, draw_weights=weights)
    return Harmonised(network, generator, harmonise)
