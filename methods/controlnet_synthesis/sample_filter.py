"""The filter: keeps a drawn patient only if networks read in it what was asked for.

The networks learn from real training patients, in the detail that the classifier sees. Validation
patients fix the thresholds: about one in twenty of them would be rejected, all thresholds together.
Patients of rare cells weigh more there, up to four times. Otherwise a filter that has learned the
bias of the training set would reject the very patients that are lacking; with a higher limit, a
single patient could set a threshold for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.image_reader import Reader, trained_reader
from benchmark.generation.patient_requests import has_mask
from benchmark.metrics.generation.image_metrics import dice
from benchmark.training.sampling_weights import balanced_weights
from methods.shared.generator_key import settings_of

REJECTED = 0.05  # share of val patients who may be rejected, divided among the thresholds
LIMIT = 4.0  # the most that a patient of a rare cell may weigh


@dataclass(frozen=True)
class SampleFilter:
    """Networks that read images, and how far they must agree with what was asked for."""

    card: TaskCard
    reader: Reader
    least_dice: float  # with the mask, all regions together
    least_probability: Mapping[str, float]  # of the values that are asked for

    def of_label_alone(self) -> SampleFilter:
        """Return the same filter for mask and label, without attributes."""
        return dataclasses.replace(
            self, least_probability={"label": self.least_probability["label"]}
        )

    def keeps(self, images: np.ndarray, masks: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
        """Return which images show what was asked for, (n,)."""
        kept = overlap(self.reader, images, masks, self.card) >= self.least_dice
        found = probability_of(self.reader, images, rows, self.card)
        for name, least in self.least_probability.items():
            kept &= found[name] >= least
        return kept


def fit_sample_filter(train: Split, val: Split, ctx: RunContext) -> SampleFilter:
    """Train the networks on train, fix the thresholds on val; images as the classifier sees them.

    Raises ValueError if no validation patient has a mask.
    """
    masked = np.flatnonzero(has_mask(val.masks))
    if not len(masked):
        raise ValueError(
            f"{ctx.card.name}: no validation patient has a mask, and the filter needs some to know "
            "how well masks can be read. Add masks, or turn it off: --set METHOD.filtered=false."
        )
    reader = trained_reader(train, ctx, "methods", settings_of(ctx).reader)
    known = val.take(masked)
    found = probability_of(reader, known.images, known.table, ctx.card)
    weights = balanced_weights(ctx.card.encode_cells(known.table)[0], LIMIT)
    share = REJECTED / (1 + len(found))

    def threshold(values: np.ndarray) -> float:
        return float(np.quantile(values, share, weights=weights, method="inverted_cdf"))

    return SampleFilter(
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
