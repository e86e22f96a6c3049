"""From the scores of a row's runs to one estimate per score: mean over seeds and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.intervals import never_varies
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_intervals
from benchmark.metrics.seed_noise import seed_pool
from leaderboard.rank.means import Estimates, mean_over_seeds, no_estimates
from leaderboard.read.boards import Row
from leaderboard.read.scored_run import RunKey

Draws = Mapping[ScoreKey, RowDraws]


def draws_of(row: Row) -> dict[ScoreKey, RowDraws]:
    """Return every score whose draws are kept, in each finished run that has it."""
    draws: dict[ScoreKey, dict[RunKey, np.ndarray]] = {}
    for run in row.done:
        for key, of_run in run.draws.items():
            draws.setdefault(key, {})[run.key] = of_run
    # One whose labels are in doubt moderates nobody's variance, as a control does not.
    kind = "control" if row.unchecked else row.method.kind
    return {key: RowDraws(row.name, of, kind) for key, of in draws.items()}


def estimate_rows(rows: Sequence[Row], draws: Sequence[Draws]) -> list[Estimates]:
    """Average every score of each row over its seeds; overall ones over patients and seeds."""
    means = [
        mean_over_seeds([run.table for run in row.done], list(row.seeds))
        if row.done
        else no_estimates()
        for row in rows
    ]
    for key in overall_keys(draws):
        of_key = {i: of_row[key] for i, of_row in enumerate(draws) if key in of_row}
        limits = METRICS[key.metric].limits
        still = {i: row for i, row in of_key.items() if not _trained(rows[i])}
        moved = {i: row for i, row in of_key.items() if i not in still}
        # What never trains, no seed moves.
        found = seed_intervals(still, limits) | seed_intervals(
            moved, limits, seed_pool(of_key.values())
        )
        for i, (_, *interval) in found.items():
            place = means[i].addresses.places[key]
            value, low, high = means[i].numbers[place]
            if np.isnan(value):
                continue
            if all(never_varies(draws) for draws in of_key[i].draws.values()):
                # Resamples show no doubt about patients: it is that of the seeds' own intervals.
                interval = [np.minimum(low, interval[0]), np.maximum(high, interval[1])]
            means[i].numbers[place, 1:] = interval
    return means


def overall_keys(draws: Sequence[Draws]) -> set[ScoreKey]:
    """Return the scores over everybody that any row keeps draws of."""
    return {key for of_row in draws for key in of_row if key == ScoreKey(key.metric)}


def _trained(row: Row) -> bool:
    return any(run.facts.steps != 0 for run in row.done)  # None: not reported
