"""Which rows share a place: tiers of rows that do not differ significantly from the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from benchmark.metrics.comparisons import SIGNIFICANT, compare, holm
from benchmark.metrics.seed_noise import SeedNoise


def tiers(
    rows: Mapping[str, np.ndarray],
    better: Literal["higher", "lower"] = "higher",
    noise: SeedNoise | None = None,
) -> dict[str, int | None]:
    """Sort rows into tiers, 1 being the best; rows: name to (seeds, 1 + resamples), all paired.

    A tier begins with the best row that is left and reaches down to the last row that does not
    differ significantly from it (5 % level, Holm's adjustment), so no row has a better tier than
    one above it. An undefined row has no tier, and with one seed there are none.
    """
    sign = 1 if better == "higher" else -1
    means = {name: sign * float(np.atleast_2d(row)[:, 0].mean()) for name, row in rows.items()}
    result: dict[str, int | None] = dict.fromkeys(rows)
    if all(len(np.atleast_2d(row)) < 2 for row in rows.values()):
        return result
    left = sorted((n for n in rows if not np.isnan(means[n])), key=lambda n: (-means[n], n))
    tier = 0
    while left:
        tier += 1
        best, rest = left[0], left[1:]
        p_values = np.array([compare(rows[best], rows[n], noise).p_value for n in rest])
        adjusted = holm(p_values, tests=len(rest))  # also those whose p-value is undefined
        alike = np.flatnonzero(~(adjusted < SIGNIFICANT))  # what cannot be compared is not apart
        end = 2 + int(alike[-1]) if len(alike) else 1
        result.update(dict.fromkeys(left[:end], tier))
        left = left[end:]
    return result
