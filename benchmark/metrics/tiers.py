"""Which rows share a place: tiers and rank intervals from comparisons of all pairs of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from benchmark.metrics.chance import LEVEL
from benchmark.metrics.comparisons import Name, compared
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import SeedPool


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
    """Give rows their tiers and rank intervals, in order of their means over their own runs.

    All pairs are compared, each at 5 % divided by the number of pairs (Bonferroni), so that it
    makes no difference that the best row was chosen for being the best: a board of equal rows
    splits in at most 5 % of cases by design. Max-t over the pairs (Tukey's design) takes their
    dependence for known and split more often (docs/results/ruler.md). Each pair is compared on the
    runs that both have; rows that share fewer than two are never apart.

    Tier 1 holds the rows that no other is significantly better than; tier 2 the same among the
    rows that are left. So an uncertain row may have a better tier than one above it. An undefined
    row has no place, and with fewer than two seeds there are none.
    """
    sign = 1 if better == "higher" else -1
    means = {name: sign * np.mean(list(row.measured.values())) for name, row in rows.items()}
    order = sorted((n for n in rows if not np.isnan(means[n])), key=lambda n: -means[n])
    if not order or max(len(row.draws) for row in rows.values()) < 2:
        return {}
    pairs = list(combinations(order, 2))
    level = LEVEL / max(len(pairs), 1)
    place = {name: i for i, name in enumerate(order)}
    beats = np.zeros((len(order), len(order)), dtype=bool)
    for block in compared(rows, pairs, pool):
        if block.seeds < 2:
            continue
        a, b = (np.array([place[pair[side]] for pair in block.pairs]) for side in (0, 1))
        low, high = (sign * limit for limit in block.found.intervals(level)[::sign])
        beats[a, b], beats[b, a] = low > 0, high < 0  # what cannot be compared is not apart
    return {
        name: Place(tier, 1 + int(beats[:, i].sum()), len(order) - int(beats[i].sum()))
        for i, (name, tier) in enumerate(zip(order, _tiers(beats).tolist(), strict=True))
    }


def _tiers(beats: np.ndarray) -> np.ndarray:
    """Return the tier of each row; beats[a, b]: a is significantly better than b.

    Rows compared on different seeds could beat each other in a circle; they share a tier.
    """
    tiers, tier = np.zeros(len(beats), dtype=int), 0
    while (left := tiers == 0).any():
        tier += 1
        unbeaten = left & ~beats[left].any(axis=0)
        tiers[unbeaten if unbeaten.any() else left] = tier
    return tiers
