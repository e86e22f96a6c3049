"""The filter: a drawn patient is kept only if networks read in it what it was asked to be.

The networks learn from real training patients, in the detail that the classifier will see. How
sure they must be is fixed on validation patients: what nearly all of those pass, a drawn one has to
pass. Every cell of val counts the same there: otherwise a filter that has learned the bias of the
training set would throw out the very patients who are lacking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.context import RunContext
from benchmark.contracts import Split, TaskCard
from benchmark.filling import has_mask
from benchmark.metrics.synthesis import dice
from benchmark.readback import Reader, trained_reader
from benchmark.training import balanced_weights

FALLEN = 0.05  # share of val patients whom each threshold would drop


@dataclass(frozen=True)
class Agreement:
    """What is read back from an image, and how far that must agree with what was asked for."""

    card: TaskCard
    reader: Reader
    least_dice: float  # with the mask, all regions together
    least_probability: Mapping[str, float]  # of the label and of every attribute

    def keeps(self, images: np.ndarray, masks: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
        """Say which images show what was asked for, (n,)."""
        kept = overlap(self.reader, images, masks, self.card) >= self.least_dice
        for name, found in probability_of(self.reader, images, rows, self.card).items():
            kept &= found >= self.least_probability[name]
        return kept


def fit_agreement(train: Split, val: Split, ctx: RunContext) -> Agreement:
    """Train the networks on train, fix the thresholds on val; images as the classifier sees them.

    Raises ValueError if no validation patient has a mask.
    """
    masked = np.flatnonzero(has_mask(val.masks))
    if not len(masked):
        raise ValueError(
            f"{ctx.card.name}: no validation patient has a mask, and the filter needs some to know "
            "how well masks can be read. Add masks, or turn it off: "
            "--set controlnet_synthesis.filtered=false."
        )
    reader = trained_reader(train, ctx, "filter")
    known = val.take(masked)
    found = probability_of(reader, known.images, known.table, ctx.card)
    weights = balanced_weights(ctx.card.encode_cells(known.table)[0], limit=np.inf)

    def threshold(values: np.ndarray) -> float:
        return float(np.quantile(values, FALLEN, weights=weights, method="inverted_cdf"))

    return Agreement(
        ctx.card,
        reader,
        threshold(overlap(reader, known.images, known.masks, ctx.card)),
        {name: threshold(values) for name, values in found.items()},
    )


def overlap(reader: Reader, images: np.ndarray, masks: np.ndarray, card: TaskCard) -> np.ndarray:
    """Return the mean Dice over the regions that a mask or its reading has, (n,)."""
    return np.nanmean(dice(masks, reader.masks(images), len(card.mask_labels)), axis=1)


def probability_of(
    reader: Reader, images: np.ndarray, rows: pd.DataFrame, card: TaskCard
) -> dict[str, np.ndarray]:
    """Return how probable the reader finds each word of rows, (n,) for label and attributes."""
    read = reader.probabilities(images)
    codes = {"label": card.encode_labels(rows)}
    for attribute in card.attributes:
        codes[attribute.name] = card.encode_groups(rows, [attribute.name])[0]
    return {name: read[name][np.arange(len(rows)), code] for name, code in codes.items()}
