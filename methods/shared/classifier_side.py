"""The classifier's side: real and added patients in the same detail, drawn by the same rule.

The method and its controls share this file, so that they differ in the patients they add and in
nothing else.
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

Preprocess = Callable[[np.ndarray], np.ndarray]  # real images to what the classifier gets


@dataclass(frozen=True)
class PreprocessedClassifier:
    """A classifier that preprocesses images as its training images were."""

    network: Classifier
    preprocess: Preprocess

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self.network.predict_proba(self.preprocess(images))


def preprocessing(train: Split, ctx: RunContext, harmonise: str) -> Preprocess:
    """Return what real images pass through: with "latents" those of train, otherwise nothing."""
    if harmonise == "latents":
        return partial(through_latents, codec_of(train, ctx))
    return np.asarray


def preprocessed(split: Split, preprocess: Preprocess) -> Split:
    """Return a split with its images as the classifier gets them."""
    return dataclasses.replace(split, images=preprocess(split.images))


def train_on_both(
    train: Split, added: Split, val: Split, preprocess: Preprocess, ctx: RunContext,
    *, share: float = 0.5, mix: str = "both",
) -> PreprocessedClassifier:  # fmt: skip
    """Train the standard classifier for its usual steps; all images are preprocessed already.

    share: of the draws that are added patients. mix: "both", or "synthetic" for added ones alone.
    Raises ValueError if mix is "synthetic" and nobody was added.
    """
    both = enlarged(train, added.images, added.masks, added.table)
    weights = draw_weights(train, added.table, ctx.card, share)
    if mix == "synthetic":
        if not len(added):
            raise ValueError(
                'mix is "synthetic", and no generated patient is left to learn from. Set '
                'mix="both", or filtered=false.'
            )
        both = both.take(np.arange(len(train), len(both)))
        weights = balanced_weights(ctx.card.encode_cells(both.table)[0])
    network = train_classifier(both, val, ctx, draw_weights=weights)
    return PreprocessedClassifier(network, preprocess)
