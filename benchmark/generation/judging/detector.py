"""A network that learns to tell drawn from real images, and says how well it does on others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from benchmark.api.context import RunContext
from benchmark.api.data import Split, Splits
from benchmark.metrics.generation.evidence import Detection
from benchmark.training.classifier import train_classifier

STEPS_SHARE = 1 / 3  # of a classifier's steps
REAL, DRAWN = CLASSES = ("real", "generated")


def detect(splits: Splits, drawn: Split, ctx: RunContext) -> Detection:
    """Train on half of the pairs of drawn and test images; return what it says of the other half.

    drawn: as many images as are to be detected; as many test images are chosen by chance.
    """
    n = len(drawn)
    order = ctx.rng("detector").permutation(n)
    chosen = ctx.rng("detector").permutation(len(splits.test))[:n]
    real, shuffled_drawn = splits.test.take(np.sort(chosen)), drawn.take(order)
    shuffled_real = real.take(ctx.rng("detector: halves").permutation(n))
    train, held_out = (
        _pairs(shuffled_real.take(part), shuffled_drawn.take(part))
        for part in np.array_split(np.arange(n), 2)
    )
    network = train_classifier(train, train, _detecting(ctx), stage="detector")
    return Detection(
        drawn=(held_out.table["label"] == DRAWN).to_numpy().astype(int),
        score=network.predict_proba(held_out.images)[:, 1],
        labels=held_out.table["asked label"].to_numpy(),
    )


def _detecting(ctx: RunContext) -> RunContext:
    """Return a context in which the question is whether an image is real, for a third as long."""
    card = dataclasses.replace(ctx.card, classes=CLASSES)  # groups play no part: see _pairs
    steps = round(STEPS_SHARE * ctx.classifier.steps)
    settings = dataclasses.replace(ctx.classifier, steps=steps, evaluations=1)
    return dataclasses.replace(ctx, card=card, classifier=settings, curves=[])


def _pairs(real: Split, drawn: Split) -> Split:
    """Put real images before as many drawn ones, without groups; labels say which they are."""
    kinds = [REAL] * len(real) + [DRAWN] * len(drawn)
    asked = [*real.table["label"], *drawn.table["label"]]
    return Split(
        np.concatenate([real.images, drawn.images]),
        np.concatenate([real.masks, drawn.masks]),
        pd.DataFrame({"label": kinds, "asked label": asked}),
    )
