"""Asks a predictor for probabilities: in shuffled batches of mixed splits, and a sample twice.

A predictor that standardises its batch, or ranks within it, uses what no patient brings along: who
else is examined that day. In a batch of test patients alone it would also learn how they are
chosen. Mixed batches take the second away. The sample, rows of all batches, finds the first: it is
asked in another order and in batches of other sizes, of a copy of the predictor that has seen no
image. So it also finds what is kept from one batch to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from itertools import accumulate, cycle, pairwise, takewhile
from typing import TypeVar

import numpy as np
import pandas as pd

from benchmark.api.data import Split
from benchmark.api.protocols import generator_of

BATCH = 256  # images
SAMPLE = 512  # images that are predicted again
OTHER_SIZES = (31, 64, 17, 96)  # images of the batches in which they are predicted again
TOLERANCE = 1e-3  # of a probability; another batch moves a sum in float32 by far less

P = TypeVar("P")
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


def ask_all(
    ask: Ask,
    splits: Mapping[str, Split],
    attributes: Sequence[str],
    seed: int,
    *,
    fresh: Ask | None = None,
) -> dict[str, np.ndarray]:
    """Return the probabilities of every split, (n, classes), in the order of its rows.

    fresh: asks a copy of the predictor that was never asked; None: the sample is asked of the same.
    Raises DependsOnOthers if a sample gets other answers in other batches.
    """
    asked = Asked(list(splits.values()), attributes)
    batches = shuffled_batches(len(asked), seed)
    shuffled = answers(ask, asked, batches)
    found = np.empty_like(shuffled)
    found[np.concatenate(batches)] = shuffled
    sample = sampled(batches, seed)
    moved = _moved(fresh or ask, asked, sample, found)
    if (moved > TOLERANCE).any():
        again = np.abs(ask(*asked.batch(batches[0])) - found[batches[0]]).max()
        raise DependsOnOthers(_refusal(moved, by_chance=again > TOLERANCE))
    stops = np.cumsum([len(split) for split in splits.values()])[:-1]
    return dict(zip(splits, np.split(found, stops), strict=True))


def sampled(batches: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """Draw as many rows from every batch, SAMPLE in all or a few more."""
    rng = np.random.default_rng([seed, SAMPLE])
    each = -(-SAMPLE // len(batches))
    return np.concatenate([rng.permutation(rows)[:each] for rows in batches])


def _moved(ask: Ask, asked: Asked, sample: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Ask for a sample in other batches; return how far each row's answer moved, (rows,).

    found: all answers so far, (rows, classes). Each new batch holds images with similar answers,
    so that its statistics and its ranks are not those of the mixed ones.
    """
    sample = sample[np.argsort(found[sample, 0], kind="stable")]
    others = np.split(sample, _cuts(len(sample)))
    return np.abs(answers(ask, asked, others) - found[sample]).max(axis=1)


def _cuts(n: int) -> list[int]:
    """Cut n rows into batches of OTHER_SIZES, over and over; the last may be a little larger."""
    ends = accumulate(cycle(OTHER_SIZES))
    return list(takewhile(lambda end: end <= n - min(OTHER_SIZES), ends))


def copied(predictor: P, say: Callable[[str], None]) -> P:
    """Copy a predictor before it is asked, so that the copy knows no image; share its generator.

    What cannot be copied is asked itself, and the log says so.
    """
    generator = generator_of(predictor)
    try:
        return deepcopy(predictor, {id(generator): generator})
    except Exception as error:  # whatever a stranger's object raises
        say(
            f"{type(predictor).__name__} cannot be copied ({type(error).__name__}: {error}), so "
            "the same object is asked twice: what it keeps from the first time is not noticed."
        )
        return predictor


def _refusal(moved: np.ndarray, *, by_chance: bool) -> str:
    return (
        f"predict_proba gave {(moved > TOLERANCE).sum()} of {len(moved)} images another answer in "
        f"another batch: a probability moved by up to {moved.max():.3g}, allowed is {TOLERANCE:g}. "
        + (_BY_CHANCE if by_chance else _BY_NEIGHBOURS)
    )


_BY_CHANCE = (
    "Asked twice for the very same batch, it answered differently: its answer depends on chance. "
    "Call network.eval() before predicting, so that dropout is off, and draw noise once, in fit, "
    "the same for every image. Keep nothing of the images that were asked for before."
)
_BY_NEIGHBOURS = (
    "Asked twice for the very same batch, it answered alike: its answer for an image depends on "
    "the other images, on its place among them, or on images that it was asked for before. Call "
    "network.eval() before predicting. Use no statistics, ranks or normalisation of the batch, and "
    "keep nothing of it: take them from train, in fit. Noise must be drawn once, in fit, the same "
    "for every image."
)
