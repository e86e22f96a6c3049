"""From the scores of a row's runs to one estimate per score: mean over seeds and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.seed_means import seed_interval
from benchmark.metrics.seed_noise import SeedNoise, pooled_noise
from leaderboard.rank.means import Estimates, mean_over_seeds, no_estimates
from leaderboard.read.boards import Row
from leaderboard.read.scored_run import RunKey

Draws = dict[RunKey, np.ndarray]  # the draws of each run, (1 + resamples,)


def draws_of(row: Row) -> dict[str, Draws]:
    """Return every overall metric of each finished run, as measured and resampled."""
    draws: dict[str, Draws] = {}
    for run in row.done:
        for key, of_run in run.draws.items():
            if key == ScoreKey(key.metric):
                draws.setdefault(key.metric, {})[run.key] = of_run
    return draws


def board_noise(rows: Sequence[Row], draws: Sequence[Mapping[str, Draws]]) -> dict[str, SeedNoise]:
    """Pool the variance between seeds over the contestants that have all the board's runs."""
    contestants = [
        (row.name, of_row)
        for row, of_row in zip(rows, draws, strict=True)
        if not row.is_control and row.done
    ]
    noises = {}
    for metric in sorted({metric for _, of_row in contestants for metric in of_row}):
        noise = pooled_noise([(name, measured(of_row, metric)) for name, of_row in contestants])
        if noise is not None:
            noises[metric] = noise
    return noises


def measured(draws: Mapping[str, Draws], metric: str) -> dict[RunKey, float]:
    """Return a row's value of an overall metric in each run, as measured."""
    return {key: float(of_run[0]) for key, of_run in draws.get(metric, {}).items()}


def estimate_scores(
    row: Row, draws: Mapping[str, Draws], noises: Mapping[str, SeedNoise]
) -> Estimates:
    """Average every score of a row over its seeds."""
    if not row.done:
        return no_estimates()
    trained = any(run.facts.steps != 0 for run in row.done)  # None: not reported
    tables = [run.table for run in row.done]
    means = mean_over_seeds(tables, [run.seed for run in row.done])
    for metric, by_run in draws.items():
        place = means.addresses.places[ScoreKey(metric)]
        noise = noises.get(metric) if trained else None  # what never trains, no seed moves
        if not np.isnan(means.numbers[place, 0]):
            means.numbers[place, 1:] = _with_seeds(by_run, METRICS[metric].limits, noise)
    return means


def _with_seeds(
    draws: Draws, limits: tuple[float, float], noise: SeedNoise | None
) -> tuple[float, float]:
    """Return the interval over patients and seeds, in place of the mean of the seeds' own."""
    _, low, high = seed_interval(np.array(list(draws.values())), limits, noise)
    return low, high
