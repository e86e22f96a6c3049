"""What a cell of n test patients can show: formulas of a binomial share.

With the normal approximation, at an accuracy of one half, where the error is largest.
"""

from __future__ import annotations

import math

CONFIDENCE = 1.96  # standard errors to either side of a 95 % interval
POWER = 0.84  # standard errors more, so that four in five studies find a difference of this size
HALF_WIDTH = 0.05  # of the 95 % interval of a cell's accuracy: wider is no claim (design choice)
DISAGREEMENT = 0.25  # share of a cell's patients that two methods answer differently (assumption)


def half_width(n: int) -> float:
    """Return half the width of the 95 % interval of an accuracy of one half over n patients."""
    return CONFIDENCE * math.sqrt(0.25 / n)


def smallest_difference(n: int) -> float:
    """Return the difference of two methods' accuracies that n patients show four times in five.

    Both methods answer for the same patients: where a share d gets different answers, the standard
    error of the difference is about sqrt(d / n).
    """
    return (CONFIDENCE + POWER) * math.sqrt(DISAGREEMENT / n)


def patients_needed() -> int:
    """Return how many patients of a cell give a half-width of HALF_WIDTH."""
    return math.ceil(0.25 * (CONFIDENCE / HALF_WIDTH) ** 2)


def points_words(share: float) -> str:
    """Write a share of at most one in percentage points."""
    return f"{min(100, 100 * share):.0f} points"


def known_within(n: int) -> str:
    """Say how well the accuracy of n patients is known: "35 points"."""
    return points_words(half_width(n))
