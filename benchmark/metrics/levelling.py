"""Did a gap close because the best group is served worse?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from benchmark.metrics.chance import LEVEL
from benchmark.metrics.comparisons import Name, gains_over
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import seed_pool


def levelling_down(
    reference: Name, rows: Mapping[Name, RowDraws], attributes: int = 1
) -> set[Name]:
    """Return the rows whose gap is smaller than the reference's mostly because the best group fell.

    Draws are (groups, 1 + resamples) of one higher-is-better value per group of one attribute.
    Against the reference the gap closes by the fall of the best value plus the rise of the worst
    one. Fall minus rise is (best + worst) of the reference less (best + worst) of the row: a
    difference of two rows like any other. A row is named where the gap is smaller and the interval
    of fall minus rise is above 0. Intervals are simultaneous over the contestants and over so many
    attributes (taken as independent). A row with an undefined group or one seed is not named.
    """
    middles = {name: _middle(row) for name, row in rows.items()}
    pool = seed_pool(middles.values())
    alpha = 1 - (1 - LEVEL) ** (1 / attributes)
    return {
        name
        for name, gain in gains_over(reference, middles, pool, alpha).items()
        if gain.verdict == "worse" and _gap_change(rows[name], rows[reference]) < 0
    }


def _middle(row: RowDraws) -> RowDraws:
    """Return best plus worst value over the groups, (1 + resamples,) per run."""
    draws = {key: groups.max(axis=0) + groups.min(axis=0) for key, groups in row.draws.items()}
    return replace(row, draws=draws)


def _gap_change(row: RowDraws, reference: RowDraws) -> float:
    """Return by how much the gap is larger than the reference's, on the runs that both have."""
    shared = row.draws.keys() & reference.draws.keys()
    gaps = [[np.ptp(of.draws[key][:, 0]) for of in (row, reference)] for key in shared]
    own, others = np.mean(gaps, axis=0)
    return float(own - others)
