"""From the scores of a row's runs to one estimate per score: mean over seeds and interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.contracts import Score, TaskCard
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.intervals import SeedNoise, seed_interval, seed_noise
from benchmark.metrics.scoring import headline_resamples
from leaderboard.collect import Row

RESAMPLES = 500  # of patients; as many as each run was scored with
BOOTSTRAP_SEED = 20240  # one for all rows: it is what pairs their resamples

Key = tuple[str, str | None, str | None, str | None]  # metric, attribute, group, label
Draws = dict[tuple[int, str], np.ndarray]  # (seed, fingerprint of the data) to (1 + resamples,)


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its interval; value None where it is undefined, and note says why."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0  # images that it rests on, in the seed that has fewest
    note: str = ""


def resample(row: Row, card: TaskCard) -> dict[str, Draws]:
    """Return every overall metric of each finished run, as measured and resampled."""
    draws: dict[str, Draws] = {}
    for run in row.done:
        key = run.config["seed"], str((run.result or {}).get("fingerprint"))
        values = headline_resamples(
            run.predictions(), card, resamples=RESAMPLES, seed=BOOTSTRAP_SEED
        )
        for metric, of_run in values.items():
            draws.setdefault(metric, {})[key] = of_run
    return draws


def mean_over_seeds(scores: Sequence[Score], seeds: Sequence[int]) -> Estimate:
    """Average one score over seeds; its interval is the mean of the seeds' own.

    That is wider than the interval of the mean would be for independent patients, but knows
    nothing of the chance of training: only the headline and gains have both.
    """
    fewest = min(score.n for score in scores)
    undefined = [
        f"seed {seed}: {score.note or 'undefined'}"
        for seed, score in zip(seeds, scores, strict=True)
        if score.value is None
    ]
    if undefined:
        return Estimate(None, n=fewest, note="; ".join(undefined))
    value = float(np.mean([score.value for score in scores if score.value is not None]))
    lows = [score.low for score in scores if score.low is not None]
    highs = [score.high for score in scores if score.high is not None]
    if len(lows) < len(scores) or len(highs) < len(scores):
        return Estimate(value, n=fewest)
    return Estimate(value, float(np.mean(lows)), float(np.mean(highs)), fewest)


def board_noise(rows: Sequence[Row], draws: Sequence[Mapping[str, Draws]]) -> dict[str, SeedNoise]:
    """Pool the variance between seeds over the contestants that have all the board's runs."""
    contestants = [
        of_row
        for row, of_row in zip(rows, draws, strict=True)
        if row.method["kind"] != "control" and row.done
    ]
    noises = {}
    for metric in {metric for of_row in contestants for metric in of_row}:
        keys = [frozenset(of_row.get(metric, {})) for of_row in contestants]
        fullest = fullest_of(keys)
        values = [
            [of_row[metric][key][0] for key in sorted(fullest)]
            for of_row, of_keys in zip(contestants, keys, strict=True)
            if of_keys == fullest
        ]
        noise = seed_noise(np.array(values))
        if noise is not None:
            noises[metric] = noise
    return noises


def fullest_of(keys: Sequence[frozenset[tuple[int, str]]]) -> frozenset[tuple[int, str]]:
    """Return the largest set of runs that rows have, the one that most rows have among equals."""
    counts = Counter(keys)
    return max(counts, key=lambda runs: (len(runs), counts[runs], sorted(runs)))


def estimate_scores(
    row: Row, draws: Mapping[str, Draws], noises: Mapping[str, SeedNoise]
) -> dict[Key, Estimate]:
    """Average every score of a row over its seeds; one that a seed lacks is undefined."""
    trained = any((run.result or {}).get("steps") for run in row.done)
    found: dict[Key, list[tuple[int, Score]]] = {}
    for run in row.done:
        for score in run.scores:
            key = (score.metric, score.attribute, score.group, score.label)
            found.setdefault(key, []).append((run.config["seed"], score))
    estimates = {}
    for key, entries in found.items():
        seeds, scores = [seed for seed, _ in entries], [score for _, score in entries]
        estimates[key] = mean_over_seeds(scores, seeds)
        absent = [f"seed {seed}: not scored" for seed in row.seeds if seed not in seeds]
        if absent:
            estimates[key] = Estimate(None, n=estimates[key].n, note="; ".join(absent))
    for metric, by_run in draws.items():
        key = (metric, None, None, None)
        if key in estimates:  # a run scored by an older scorer may lack a metric
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
