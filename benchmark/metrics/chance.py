"""Intervals and p-values of a value whose variance has parts known better or worse.

A mean over seeds moves with the test patients and with the trainings. The patients' part is known
from hundreds of resamples; the trainings' part is estimated from a few seeds, with few degrees of
freedom. Each part has its own half width, critical value times standard error; that of the sum is
the root of the sum of their squares (Banerjee 1960, Sankhya 22, from memory). It never finds more
false differences than its level, whatever the parts' shares. At 5 / 36 % and one degree of freedom
the mean of the critical values (Cochran and Cox 1950) finds up to three times as many, and
Satterthwaite's degrees of freedom up to 34 times (docs/results/ruler.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

LEVEL = 0.05  # of a two-sided test; intervals hold 95 %
SMALLEST_P = 1e-12  # smaller p-values are given as this
HALVINGS = 50  # of the search for a p-value; its relative error is below 1e-12


@dataclass(frozen=True)
class Part:
    """One part of a variance, and how well it is known; arrays of any shape, or numbers."""

    variance: np.ndarray
    freedom: np.ndarray  # degrees of freedom of its estimate; inf: known


def half_widths(alpha: np.ndarray | float, parts: Sequence[Part]) -> np.ndarray:
    """Return half the width of the intervals that miss the truth with probability alpha.

    Shapes broadcast; NaN where a variance is undefined.
    """
    variances = np.array(np.broadcast_arrays(*(part.variance for part in parts)), dtype=float)
    squares = sum(
        variance * _critical(np.asarray(alpha, dtype=float), part.freedom) ** 2
        for variance, part in zip(variances, parts, strict=True)
    )
    return np.asarray(np.sqrt(squares))


def p_values(distance: np.ndarray, parts: Sequence[Part]) -> np.ndarray:
    """Return the two-sided p-values of distances from 0: the alpha whose interval just holds 0.

    distance: absolute values, of any shape. So an interval leaves out 0 exactly where its p-value
    is below its alpha. 1 where the distance is 0, NaN where something is undefined.
    """
    distance = np.abs(np.asarray(distance, dtype=float))
    undefined = np.isnan(distance + half_widths(LEVEL, parts))
    low, high = np.full(distance.shape, np.log(SMALLEST_P)), np.zeros(distance.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        outside = half_widths(np.exp(middle), parts) < distance
        high = np.where(outside, middle, high)
        low = np.where(outside, low, middle)
    p_value = np.where(distance > 0, np.exp(high), 1.0)
    return np.where(undefined, np.nan, p_value)


def _critical(alpha: np.ndarray, freedom: np.ndarray | float) -> np.ndarray:
    """Return the two-sided critical value of Student's t, or of the normal where freedom is inf."""
    freedom = np.asarray(freedom, dtype=float)
    if np.isinf(freedom).all():
        return np.asarray(-ndtri(alpha / 2))
    known = np.isinf(freedom)
    student = -stdtrit(np.where(known, 1.0, freedom), alpha / 2)
    return np.where(known, -ndtri(alpha / 2), student)
