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

Preprocess = Callable[[np.ndarray], np.ndarray]  # real images as the classifier is to see them


@dataclass(frozen=True)
class PreprocessedClassifier:
    """A classifier that sees real images as it was trained to see them."""

    network: Classifier
    preprocess: Preprocess

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self.network.predict_proba(self.preprocess(images))


def preprocessing(train: Split, ctx: RunContext, harmonise: str) -> Preprocess:
    """Return what real images go through: the latents of these training patients, or nothing."""
    if harmonise == "latents":
        return partial(through_latents, codec_of(train, ctx))
    return np.asarray


def preprocessed(split: Split, preprocess: Preprocess) -> Split:
    """Return a split with its images as the classifier is to see them."""
    return dataclasses.replace(split, images=preprocess(split.images))


def train_on_both(
    train: Split, added: Split, val: Split, preprocess: Preprocess, ctx: RunContext,
    *, share: float = 0.5, mix: str = "both",
) -> PreprocessedClassifier:  # fmt: skip
    """Train the standard classifier for its usual steps; all images are already as it sees them."""
    both = enlarged(train, added.images, added.masks, added.table)
    weights = draw_weights(train, added.table, ctx.card, share)
    if mix == "synthetic":
        if not len(added):
            raise ValueError('mix is "synthetic", and no patient was generated to learn from.')
        both = both.take(np.arange(len(train), len(both)))
        weights = balanced_weights(ctx.card.encode_cells(both.table)[0])
    return PreprocessedClassifier(
        train_classifier(both, val, ctx, draw_weights=weights), preprocess
    )
