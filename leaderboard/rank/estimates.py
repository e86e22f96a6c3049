"""From the scores of a row's runs to one estimate per score: mean over seeds and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_interval
from benchmark.metrics.seed_noise import SeedPool, seed_pool
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
    return {key: RowDraws(row.name, of, not row.is_control) for key, of in draws.items()}


def seed_pools(draws: Sequence[Draws]) -> dict[ScoreKey, SeedPool]:
    """Pool the variance between seeds over the contestants that have all the board's runs."""
    pools = {}
    for key in {key for of_row in draws for key in of_row if key == ScoreKey(key.metric)}:
        of_key = [of_row[key] for of_row in draws if key in of_row]
        pool = seed_pool([(row.method, row.measured) for row in of_key if row.ranked])
        if pool is not None:
            pools[key] = pool
    return pools


def estimate_scores(row: Row, draws: Draws, pools: Mapping[ScoreKey, SeedPool]) -> Estimates:
    """Average every score of a row over its seeds; overall ones over patients and seeds."""
    if not row.done:
        return no_estimates()
    trained = any(run.facts.steps != 0 for run in row.done)  # None: not reported
    tables = [run.table for run in row.done]
    means = mean_over_seeds(tables, [run.seed for run in row.done])
    for key, of_row in draws.items():
        place = means.addresses.places[key]
        pool = pools.get(key) if trained else None  # what never trains, no seed moves
        if key == ScoreKey(key.metric) and not np.isnan(means.numbers[place, 0]):
            _, *interval = seed_interval(of_row, METRICS[key.metric].limits, pool)
            means.numbers[place, 1:] = interval
    return means
