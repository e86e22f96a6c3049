"""Asks a predictor for probabilities: in shuffled batches of mixed splits, and a sample twice.

A predictor that standardises its batch, or ranks within it, uses what no patient brings along: who
else is examined that day. In a batch of test patients alone it would also learn how they are
chosen. Mixed batches take the second away, and the sample finds the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmark.api.data import Split

BATCH = 256  # images
SAMPLE = 256  # images that are predicted again
OTHER_BATCH = 32  # images of a batch in which they are predicted again
TOLERANCE = 1e-3  # of a probability; another batch moves a sum in float32 by far less

Ask = Callable[[np.ndarray, pd.DataFrame], np.ndarray]  # images, attributes -> (n, classes)


class DependsOnOthers(ValueError):
    """A predictor's answer for an image changes with the other images, or by chance."""


class Asked:
    """The images of several splits as one row after the other; none is loaded before its turn."""

    def __init__(self, splits: Sequence[Split], attributes: Sequence[str]) -> None:
        self._images = [split.images for split in splits]
        self._starts = np.cumsum([0, *map(len, splits)])
        tables = [split.table[list(attributes)] for split in splits]
        self._attributes = pd.concat(tables, ignore_index=True)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, pd.DataFrame]:
        """Copy the images (n, channels, height, width) and the attributes of rows, in their order.

        Raises ValueError if the images of the splits differ in size.
        """
        first = self._images[0]
        images = np.empty((len(rows), *first.shape[1:]), first.dtype)
        for part, (start, stop) in zip(self._images, pairwise(self._starts), strict=True):
            inside = (rows >= start) & (rows < stop)
            if inside.any():
                images[inside] = part[rows[inside] - start]
        return images, self._attributes.iloc[rows].reset_index(drop=True)


def shuffled_batches(n: int, seed: int) -> list[np.ndarray]:
    """Deal rows 0 to n - 1 to batches of BATCH, in an order that the seed fixes."""
    order = np.random.default_rng([seed, BATCH]).permutation(n)
    return [order[start : start + BATCH] for start in range(0, n, BATCH)]


def answers(ask: Ask, asked: Asked, batches: Sequence[np.ndarray]) -> np.ndarray:
    """Return the probabilities of all rows of the batches, (rows, classes), in their order."""
    return np.concatenate([ask(*asked.batch(rows)) for rows in batches])


def ask_all(ask: Ask, splits: Mapping[str, Split], attributes: Sequence[str], seed: int
) -> dict[str, np.ndarray]:  # fmt: skip
    """Return the probabilities of every split, (n, classes), in the order of its rows.

    Raises DependsOnOthers if a sample gets other answers in other batches.
    """
    asked = Asked(list(splits.values()), attributes)
    batches = shuffled_batches(len(asked), seed)
    shuffled = answers(ask, asked, batches)
    found = np.empty_like(shuffled)
    found[np.concatenate(batches)] = shuffled
    refuse_dependence(ask, asked, batches[0], found)
    stops = np.cumsum([len(split) for split in splits.values()])[:-1]
    return dict(zip(splits, np.split(found, stops), strict=True))


def refuse_dependence(ask: Ask, asked: Asked, batch: np.ndarray, found: np.ndarray) -> None:
    """Ask again for the images of a batch, beside others; raise DependsOnOthers if it matters.

    found: all answers so far, (rows, classes). Each new batch holds images with similar answers,
    so that its statistics and its ranks are not those of the mixed one.
    """
    sample = batch[:SAMPLE]
    sample = sample[np.argsort(found[sample, 0], kind="stable")]
    others = [sample[k : k + OTHER_BATCH] for k in range(0, len(sample), OTHER_BATCH)]
    moved = np.abs(answers(ask, asked, others) - found[sample]).max(axis=1)
    if (moved <= TOLERANCE).all():
        return
    again = np.abs(ask(*asked.batch(batch)) - found[batch]).max()
    raise DependsOnOthers(
        f"predict_proba gave {(moved > TOLERANCE).sum()} of {len(sample)} images another answer in "
        f"another batch: a probability moved by up to {moved.max():.3g}, allowed is {TOLERANCE:g}. "
        + (_BY_CHANCE if again > TOLERANCE else _BY_NEIGHBOURS)
    )


_BY_CHANCE = (
    "Asked twice for the very same batch, it answered differently: its answer depends on chance. "
    "Call network.eval() before predicting, so that dropout is off, and draw noise once, in fit, "
    "the same for every image."
)
_BY_NEIGHBOURS = (
    "Asked twice for the very same batch, it answered alike: its answer for an image depends on "
    "the other images or on its place among them. Call network.eval() before predicting. Use no "
    "statistics, ranks or normalisation of the batch: take them from train, in fit. Noise must be "
    "drawn once, in fit, the same for every image."
)
