"""Which rows share a place: tiers and rank intervals from comparisons of all pairs of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmark.metrics.comparisons import Name
from benchmark.metrics.differences import stack
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import SeedPool
from benchmark.metrics.simultaneous import family_of_pairs


@dataclass(frozen=True)
class Place:
    """Where a row stands among others: its tier, 1 being the best, and its possible ranks."""

    tier: int
    low: int  # 1 + the number of rows that are significantly better
    high: int  # the number of rows less those that are significantly worse


def places(
    rows: Mapping[Name, RowDraws],
    pool: SeedPool | None = None,
    better: Literal["higher", "lower"] = "higher",
) -> dict[Name, Place]:
    """Give rows their tiers and rank intervals; all rows have the same runs.

    All pairs are compared at once (max-t), so that the choice of the best row is part of the
    game: a board of equal rows splits in at most 5 % of cases. A tier reaches from its best row
    down to the last row that is not significantly worse than it; the row below opens the next. So
    no row has a better tier than one above it. An undefined row has no place, and with fewer than
    two seeds there are none.
    """
    sign = 1 if better == "higher" else -1
    means = {name: sign * np.mean(list(row.measured.values())) for name, row in rows.items()}
    order = sorted((n for n in rows if not np.isnan(means[n])), key=lambda n: -means[n])
    if not order or len(rows[order[0]].draws) < 2:
        return {}
    ranked = stack([rows[name] for name in order], rows[order[0]].draws)
    a, b = np.triu_indices(len(order), 1)
    found = ranked.differences(a, b, pool)
    known = ~np.isnan(np.diagonal(ranked.patients))
    covariance = ranked.covariance()[np.ix_(known, known)]
    low, high = found.intervals(family_of_pairs(covariance).level())
    beats = np.zeros((len(order), len(order)), dtype=bool)
    beats[a, b] = (low > 0) | (high < 0)  # what cannot be compared is not apart
    return {
        name: Place(tier, 1 + int(beats[:, i].sum()), len(order) - int(beats[i].sum()))
        for i, (name, tier) in enumerate(zip(order, _tiers(beats), strict=True))
    }


def _tiers(beats: np.ndarray) -> list[int]:
    """Return the tier of each row in order; beats[a, b]: a is significantly better than b."""
    tiers: list[int] = []
    while len(tiers) < len(beats):
        best, tier = len(tiers), 1 + (tiers[-1] if tiers else 0)
        alike = np.flatnonzero(~beats[best, best:])  # the best row itself is one
        tiers += [tier] * (1 + int(alike[-1]))
    return tiers
