"""The operating point that a predictor may bring; scores at it stand beside the headline."""

from __future__ import annotations

import math

from benchmark.api.card import TaskCard
from benchmark.api.protocols import Method, Predictor, own_threshold_of


def own_threshold(predictor: Predictor, method: Method, card: TaskCard) -> float | None:
    """Return the predictor's own threshold, or None if it brings none.

    Raises ValueError for anything but a number between 0 and 1, and on a task of more classes.
    """
    value = own_threshold_of(predictor)
    if value is None:
        return None
    name = type(method).__name__
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < 1:
        raise ValueError(
            f"{name}: its predictor's threshold is {value!r}; it must be a number above 0 and "
            "below 1, the probability of the positive class from which its answer is positive. "
            "Leave the attribute `threshold` out if one half will do."
        )
    if len(card.classes) != 2:
        raise ValueError(
            f"{name}: its predictor has a threshold of {number:g}, but {card.name} has "
            f"{len(card.classes)} classes; a threshold decides between two. Set threshold = None "
            "there: the answer is the most probable class."
        )
    return number
