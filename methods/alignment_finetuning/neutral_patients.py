"""What the method and its controls share: drawing neutral patients, and training the classifier.

They differ in the generator and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.api.mix_target import Target
from benchmark.api.protocols import Generator
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.generation.patient_requests import enlarged
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights
from methods.alignment_finetuning.guide import Guide, refuse_unknown_groups, trained_guide
from methods.alignment_finetuning.redrawing import redrawn
from methods.shared.base import trained_base
from methods.shared.classifier_side import PreprocessedClassifier, preprocessed, preprocessing
from methods.shared.latent_generator import LatentGenerator


class SmoothGenerator(Generator, Protocol):
    """Draws patients from prompts alone: a base, tuned or not, or with groups in its prompts."""

    @property
    def reads_masks(self) -> bool:
        """Whether it looks at masks."""
        ...

    def smooth(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw as generate does, without scanner noise."""
        ...


@dataclass(frozen=True)
class MixGenerator:
    """A generator with a target mix: what it draws for neutral prompts is compared with it."""

    drawn_by: SmoothGenerator
    target: Target
    before: LatentGenerator | None = None  # the same, not tuned

    @property
    def reads_masks(self) -> bool:
        """Whether it looks at masks."""
        return self.drawn_by.reads_masks

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw images (n, channels, size, size); the prompt leaves out words that are None."""
        return self.drawn_by.generate(requests, masks, seed)


@dataclass(frozen=True)
class ClassifierWithGenerator(PreprocessedClassifier):
    """The classifier, and the generator that is measured beside it."""

    generator: MixGenerator


class HasMixTarget(Protocol):
    """The fields that give a method's target mix."""

    @property
    def aligns(self) -> str:
        """Columns, separated by commas."""
        ...

    @property
    def target(self) -> str:
        """Uniform, population, or a table."""
        ...


def target_of(aims: HasMixTarget, card: TaskCard) -> Target:
    """Read the target of a method for a task; raises ValueError for what the card does not have."""
    return read_target(aims.target, card, columns_to_align(card, aims.aligns))


MakeGenerator = Callable[[LatentGenerator, Guide, Split], MixGenerator]


def learn_from_neutral(
    make: MakeGenerator, target: Target, train: Split, val: Split, ctx: RunContext, *,
    ratio: float, share: float, sure: float,
) -> ClassifierWithGenerator:  # fmt: skip
    """Make the generator, draw neutral patients, and train the classifier on real and drawn ones.

    make(base, guide, train): the generator. Guide and classifier see images as its latents have
    them, and the guide also as the base redraws them. So the guide is trained, and refused if it
    only guesses, after the base.
    """
    refuse_unknown_groups(train, val, target, ctx.card)
    preprocess = preprocessing(train, ctx, "latents")
    real, real_val = preprocessed(train, preprocess), preprocessed(val, preprocess)
    base = trained_base(train, ctx)
    drawn, drawn_val = (redrawn(s, target.columns, base, train, ctx) for s in (train, val))
    guide = trained_guide([real, drawn], [real_val, drawn_val], target, ctx)
    generator = make(base, guide, train)
    asked = round(ratio * len(train))
    added = draw_neutral(generator.drawn_by, guide, train, ctx, asked, sure)
    both, weights = join_real_and_drawn(real, added, ctx.card, share * len(added) / max(1, asked))
    network = train_classifier(both, real_val, ctx, draw_weights=weights)
    return ClassifierWithGenerator(network, preprocess, generator)


def join_real_and_drawn(
    real: Split, added: Split, card: TaskCard, share: float
) -> tuple[Split, np.ndarray]:
    """Put generated patients behind real ones; (n,), how often to draw each.

    Real cells are drawn alike, and so are generated labels, which get the share of all draws.
    """
    weights = balanced_weights(card.encode_cells(real.table)[0])
    if not len(added):
        return real, weights
    new = balanced_weights(card.encode_labels(added.table))
    both = enlarged(real, added.images, added.masks, added.table)
    return both, np.concatenate([(1 - share) * weights, share * new])


def draw_neutral(
    generator: SmoothGenerator, guide: Guide, train: Split, ctx: RunContext, n: int, sure: float
) -> Split:
    """Draw n patients from prompts that name no attribute, and the label unless it is aligned.

    Where the prompt names no label, the guide reads it; patients it is not sure of are left out.
    Attributes stay unknown (None).
    """
    attributes = dict.fromkeys(a.name for a in ctx.card.attributes)
    named = "label" not in guide.target.columns
    labels = np.resize(np.array(ctx.card.classes, dtype=object), n) if named else [None] * n
    rows = pd.DataFrame({"label": labels, **attributes}, dtype=object, index=range(n))
    no_masks = np.zeros((n, *train.masks.shape[1:]), np.uint8)
    ctx.say(f"drawing {n} patients")
    images = generator.smooth(rows, no_masks, int(ctx.rng("neutral patients").integers(2**31)))
    drawn = Split(images, no_masks, rows)
    return drawn if named else with_labels(drawn, guide, ctx, sure)


def with_labels(drawn: Split, guide: Guide, ctx: RunContext, sure: float) -> Split:
    """Label images by what the guide reads in them; leave out those that it is not sure of.

    If one label is never drawn, leave out all: half of the draws with one label teach nothing.
    """
    if not len(drawn):
        return drawn
    probabilities = guide.reader.probabilities(drawn.images)["label"]
    calibrated = probabilities ** (1 / guide.temperatures["label"])
    calibrated = calibrated / calibrated.sum(1, keepdims=True)
    kept = calibrated.max(1) >= sure
    labels = np.array(ctx.card.classes, dtype=object)[calibrated.argmax(1)]
    ctx.say(f"labels: the guide is sure of {kept.sum()} of {len(drawn)} patients; only they stay")
    counts = {f"label {name}": int((labels[kept] == name).sum()) for name in ctx.card.classes}
    if not all(counts.values()):
        ctx.say(f"labels: {counts}: one is never drawn, so all of them are left out")
        kept[:] = False
    ctx.record("neutral patients", 0, drawn=len(drawn), kept=int(kept.sum()), **counts)
    return Split(drawn.images, drawn.masks, drawn.table.assign(label=labels)).take(
        np.flatnonzero(kept)
    )
