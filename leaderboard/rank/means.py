"""Means over seeds of all scores of a row, as arrays: a large page has a million of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.api.scores import ScoreKey
from leaderboard.read.score_table import NOT_COUNTED, ScoreKeys, ScoreTable


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


@dataclass(frozen=True)
class Estimates(Mapping[ScoreKey, Estimate]):
    """All estimates of a row.

    numbers: (keys, 3) value, low and high, NaN where there is none. counts: (keys, 3) images,
    positives and negatives, NOT_COUNTED where there are none. notes: by place in keys.
    """

    addresses: ScoreKeys
    numbers: np.ndarray
    counts: np.ndarray
    notes: Mapping[int, str]

    def __getitem__(self, key: ScoreKey) -> Estimate:
        place = self.addresses.places[key]
        value, low, high = [None if x != x else x for x in self.numbers[place].tolist()]
        n, positives, negatives = self.counts[place].tolist()
        note = self.notes.get(place, "")
        if positives == NOT_COUNTED:
            return Estimate(value, low, high, n, note)
        return Estimate(value, low, high, n, note, positives, negatives)

    def __iter__(self) -> Iterator[ScoreKey]:
        return iter(self.addresses.in_order)

    def __len__(self) -> int:
        return len(self.addresses)


def no_estimates() -> Estimates:
    """Return what a row without finished runs has."""
    return Estimates(ScoreKeys(()), np.empty((0, 3)), np.empty((0, 3), dtype=np.int64), {})


def mean_over_seeds(tables: Sequence[ScoreTable], seeds: Sequence[int]) -> Estimates:
    """Average every score over seeds; its interval is the mean of the seeds' own.

    That is wider than the interval of the mean would be for independent patients, but knows
    nothing of the chance of training: only overall scores and gains have both. tables: of runs on
    one card, so that all have the same keys.
    """
    found = np.stack([table.values for table in tables])  # (seeds, keys, 3)
    means = found.mean(axis=0)
    means[np.isnan(means[:, 0])] = np.nan
    means[np.isnan(means[:, 1:]).any(axis=1), 1:] = np.nan
    images, positives = (np.stack([t.counts[:, k] for t in tables]) for k in (0, 1))
    negatives = np.where(positives == NOT_COUNTED, NOT_COUNTED, images - positives)
    counts = np.stack([images.min(axis=0), positives.min(axis=0), negatives.min(axis=0)], axis=1)
    lacking = np.flatnonzero(np.isnan(means[:, 1])).tolist()
    notes = {place: _why(tables, seeds, place) for place in lacking}
    return Estimates(tables[0].keys, means, counts, notes)


def _why(tables: Sequence[ScoreTable], seeds: Sequence[int], place: int) -> str:
    """Say in which seeds a score is undefined; if it is in none, where it has no interval."""
    at = [
        (seed, *table.values[place, :2], table.notes.get(place, ""))
        for seed, table in zip(seeds, tables, strict=True)
    ]
    undefined = [
        f"seed {s}: {note or 'undefined'}" for s, value, _, note in at if math.isnan(value)
    ]
    lost = [f"seed {s}: {note}" for s, _, low, note in at if math.isnan(low) and note]
    return "; ".join(undefined or lost)
