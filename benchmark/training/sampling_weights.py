"""How often each training image is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def balanced_weights(cells: np.ndarray, limit: float = 20.0) -> np.ndarray:
    """Return weights, summing to 1, under which every cell that has images counts the same.

    An image of a rare cell weighs at most `limit` times one of the most common cell: without a
    limit a cell with a single image would be that image over and over.
    """
    counts = np.bincount(cells)
    weights = np.minimum(counts.max() / counts[cells], limit)
    return weights / weights.sum()


def checked_draw_weights(weights: np.ndarray | None, n: int) -> np.ndarray | None:
    """Return weights that n images can be drawn by, as float64; ValueError says what is wrong."""
    if weights is None:
        return None
    array = np.asarray(weights, np.float64)
    if array.shape != (n,):
        raise ValueError(
            f"draw_weights has shape {array.shape} for {n} images; give one weight per image of "
            f"train, shape ({n},)."
        )
    if len(bad := np.flatnonzero(~np.isfinite(array) | (array < 0))):
        raise ValueError(
            f"draw_weights is {array[bad[0]]:g} in row {bad[0]} ({len(bad)} such rows of {n}); "
            "allowed: finite numbers from 0 on."
        )
    if not array.any():
        raise ValueError("draw_weights are 0 in every row: no image could be drawn.")
    return array


def draw_batches(
    n: int, size: int, weights: np.ndarray | None, rng: torch.Generator
) -> Iterator[Tensor]:
    """Yield row numbers forever: shuffled passes over all n rows, or draws by weight."""
    size = min(size, n)
    if weights is None:
        while True:
            order = torch.randperm(n, generator=rng)
            yield from order[: n - n % size].split(size)
    probability = torch.from_numpy(np.asarray(weights, np.float64))
    while True:
        yield torch.multinomial(probability, size, replacement=True, generator=rng)
