"""The classifier's side: real and added patients in the same detail, drawn by the same rule.

The method and its controls meet here, so that they differ in the patients they add and in nothing
else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.patient_requests import draw_weights, enlarged
from benchmark.training.classifier import Classifier, train_classifier
from benchmark.training.sampling_weights import balanced_weights
from methods.shared.base import codec_of
from methods.shared.parts import through_latents

See = Callable[[np.ndarray], np.ndarray]  # real images as the classifier is to see them


@dataclass(frozen=True)
class Harmonised:
    """A classifier that sees real images as it was trained to see them."""

    network: Classifier
    see: See

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self.network.predict_proba(self.see(images))


def harmonising(train: Split, ctx: RunContext, harmonise: str) -> See:
    """Return what real images go through: the latents of these training patients, or nothing."""
    if harmonise == "latents":
        return partial(through_latents, codec_of(train, ctx))
    return np.asarray


def seen(split: Split, see: See) -> Split:
    """Return a split with its images as the classifier is to see them."""
    return dataclasses.replace(split, images=see(split.images))


def learn_from_both(
    train: Split, added: Split, val: Split, see: See, ctx: RunContext,
    *, share: float = 0.5, mix: str = "both",
) -> Harmonised:  # fmt: skip
    """Train the standard classifier for its usual steps; all images are already as it sees them."""
    both = enlarged(train, added.images, added.masks, added.table)
    weights = draw_weights(train, added.table, ctx.card, share)
    if mix == "synthetic":
        if not len(added):
            raise ValueError('mix is "synthetic", and no patient was generated to learn from.')
        both = both.take(np.arange(len(train), len(both)))
        weights = balanced_weights(ctx.card.encode_cells(both.table)[0])
    return Harmonised(train_classifier(both, val, ctx, draw_weights=weights), see)
