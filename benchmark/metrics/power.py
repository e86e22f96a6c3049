"""How many seeds would settle a comparison?"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from benchmark.metrics.chance import Part, half_widths
from benchmark.metrics.comparisons import Comparison

POWER = 0.8  # share of boards that find a difference of this size, where there is one
MOST_SEEDS = 50  # more are not worth asking for


def seeds_needed(found: Comparison) -> int | None:
    """Return at how many seeds a true difference of the size found would be found again.

    In POWER of boards, at the level of the comparison itself: a gain that is judged together with
    others needs more seeds than a claim that stands alone. The variance between trainings is taken
    as estimated from the seeds themselves. None where MOST_SEEDS are not enough (then the test
    patients are too few, or the difference is too small), and where the difference is 0 or its
    variance is not known.
    """
    size, between = abs(found.difference), found.trainings * found.seeds
    if size == 0 or math.isnan(size + between + found.patients):
        return None
    for seeds in range(2, MOST_SEEDS + 1):
        trainings = Part(np.array(between / seeds), np.array(seeds - 1.0))
        patients = Part(np.array(found.patients), np.array(np.inf))
        error = math.sqrt(between / seeds + found.patients)
        if float(half_widths(found.level, (trainings, patients))) + ndtri(POWER) * error <= size:
            return seeds
    return None
