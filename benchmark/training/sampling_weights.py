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
