"""One level for many comparisons: how small the smallest of their p-values is by chance alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from benchmark.metrics.chance import LEVEL

SAMPLES = 10_000  # of boards without any difference
FEWEST_SAMPLES = 1_000  # for large families: the level is then right to 5.0 +- 0.7 %
NUMBERS = 500_000  # samples x comparisons that may be drawn
SEED = 20261  # one for all boards, so that a page can be made again


@dataclass(frozen=True)
class Family:
    """Comparisons that are judged together.

    smallest: the smallest two-sided p-value of each board drawn without differences, in order;
    empty for a single comparison, which needs no adjustment.
    """

    smallest: np.ndarray

    def level(self, alpha: float = LEVEL) -> float:
        """Return the level of each comparison at which alpha of boards find any difference."""
        if not len(self.smallest):
            return alpha
        return min(alpha, float(self.smallest[math.ceil(alpha * len(self.smallest)) - 1]))

    def adjust(self, p_values: np.ndarray) -> np.ndarray:
        """Return the chance that the smallest p-value of the family is as small as each of these.

        Below alpha exactly where the p-value is below level(alpha).
        """
        p_values = np.asarray(p_values, dtype=float)
        if not len(self.smallest):
            return p_values
        smaller = np.searchsorted(self.smallest, p_values, side="right") / len(self.smallest)
        return np.where(np.isnan(p_values), np.nan, np.maximum(smaller, np.minimum(p_values, 1)))


def family_against_one(blocks: Sequence[np.ndarray]) -> Family:
    """Make the family of comparisons with one reference (Dunnett's design, max-t).

    blocks: covariance matrices of differences; those of different blocks are taken as independent.
    """
    blocks = [block for block in blocks if len(block)]
    comparisons = sum(len(block) for block in blocks)
    if comparisons < 2:
        return Family(np.empty(0))
    rng = np.random.default_rng(SEED)
    samples = _samples(comparisons)
    largest = np.zeros(samples)
    for block in blocks:
        root = _root(block)
        error = np.sqrt((root**2).sum(axis=1))
        drawn = np.abs(rng.standard_normal((samples, len(block))) @ root.T)
        drawn /= np.where(error > 0, error, 1)
        largest = np.maximum(largest, drawn.max(axis=1))
    return _family(largest)


def _family(largest: np.ndarray) -> Family:
    return Family(np.sort(2 * ndtr(-largest.astype(np.float64))))


def _samples(comparisons: int) -> int:
    return int(np.clip(NUMBERS // comparisons, FEWEST_SAMPLES, SAMPLES))


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return a square root of a covariance: root times its transpose.

    A covariance estimated from differences of others may have eigenvalues below 0. They are noise
    and count as 0.
    """
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))
