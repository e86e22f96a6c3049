"""From the scores of a row's runs to one estimate per score: mean over seeds and interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.seed_means import seed_interval
from benchmark.metrics.seed_noise import SeedNoise, pooled_noise
from leaderboard.read.boards import Row
from leaderboard.read.scored_run import RunKey

Draws = dict[RunKey, np.ndarray]  # the draws of each run, (1 + resamples,)


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its interval; value None where it is undefined, and note says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0  # images that it rests on, in the seed that has fewest
    note: str = ""
    positives: int | None = None  # likewise; None where there are more than two classes
    negatives: int | None = None


def draws_of(row: Row) -> dict[str, Draws]:
    """Return every overall metric of each finished run, as measured and resampled."""
    draws: dict[str, Draws] = {}
    for run in row.done:
        for key, of_run in run.draws.items():
            if key == ScoreKey(key.metric):
                draws.setdefault(key.metric, {})[run.key] = of_run
    return draws


def mean_over_seeds(scores: Sequence[Score], seeds: Sequence[int]) -> Estimate:
    """Average one score over seeds; its interval is the mean of the seeds' own.

    That is wider than the interval of the mean would be for independent patients, but knows
    nothing of the chance of training: only the headline and gains have both.
    """
    counts = _fewest(scores)
    undefined = [
        f"seed {seed}: {score.note or 'undefined'}"
        for seed, score in zip(seeds, scores, strict=True)
        if score.value is None
    ]
    if undefined:
        return Estimate(None, **counts, note="; ".join(undefined))
    value = float(np.mean([score.value for score in scores if score.value is not None]))
    lows = [score.low for score in scores if score.low is not None]
    highs = [score.high for score in scores if score.high is not None]
    if len(lows) < len(scores) or len(highs) < len(scores):
        return Estimate(value, **counts, note=_lost_interval(scores, seeds))
    return Estimate(value, float(np.mean(lows)), float(np.mean(highs)), **counts)


def _lost_interval(scores: Sequence[Score], seeds: Sequence[int]) -> str:
    """Say in which seeds a score has no interval, and why."""
    without = [
        f"seed {s}: {score.note}"
        for s, score in zip(seeds, scores, strict=True)
        if score.low is None and score.note
    ]
    return "; ".join(without)


def _fewest(scores: Sequence[Score]) -> dict[str, Any]:
    positives = [score.positives for score in scores if score.positives is not None]
    negatives = [score.n - score.positives for score in scores if score.positives is not None]
    return {
        "n": min(score.n for score in scores),
        "positives": min(positives, default=None),
        "negatives": min(negatives, default=None),
    }


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
) -> dict[ScoreKey, Estimate]:
    """Average every score of a row over its seeds."""
    trained = any(run.facts.steps != 0 for run in row.done)  # None: not reported
    found: dict[ScoreKey, list[tuple[int, Score]]] = {}
    for run in row.done:
        for score in run.scores:
            found.setdefault(score.key, []).append((run.seed, score))
    estimates = {}
    for key, entries in found.items():
        seeds, scores = [seed for seed, _ in entries], [score for _, score in entries]
        estimates[key] = mean_over_seeds(scores, seeds)
    for metric, by_run in draws.items():
        key = ScoreKey(metric)
        noise = noises.get(metric) if trained else None  # what never trains, no seed moves
        estimates[key] = _with_seeds(estimates[key], by_run, METRICS[metric].limits, noise)
    return estimates


def _with_seeds(
    estimate: Estimate, draws: Draws, limits: tuple[float, float], noise: SeedNoise | None
) -> Estimate:
    """Put the interval over patients and seeds in place of the mean of the seeds' own."""
    if estimate.value is None:
        return estimate
    _, low, high = seed_interval(np.array(list(draws.values())), limits, noise)
    return replace(estimate, low=_number(low), high=_number(high))


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
