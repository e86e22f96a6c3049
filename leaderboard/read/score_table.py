"""The scores of a run as arrays: a page of thousands of runs has a million scores."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from benchmark.api.scores import Score, ScoreKey

NOT_COUNTED = -1  # positives, where there are more than two classes


@dataclass(frozen=True)
class ScoreTable:
    """All scores of a run; runs of one card share their keys.

    values: (keys, 3) value, low and high, NaN where there is none. counts: (keys, 2) images and
    positives. notes: by place in keys.
    """

    keys: tuple[ScoreKey, ...]
    values: np.ndarray
    counts: np.ndarray
    notes: Mapping[int, str]

    def scores(self) -> tuple[Score, ...]:
        """Return the scores one by one."""
        return tuple(self._score(place) for place in range(len(self.keys)))

    def _score(self, place: int) -> Score:
        value, low, high = (None if math.isnan(x) else x for x in self.values[place].tolist())
        n, positives = self.counts[place].tolist()
        counted = None if positives == NOT_COUNTED else positives
        return Score(self.keys[place], value, n, counted, low, high, self.notes.get(place, ""))


def table_of(scores: Sequence[Score]) -> ScoreTable:
    """Put scores into arrays."""
    numbers = [
        [math.nan if x is None else x for x in (score.value, score.low, score.high)]
        for score in scores
    ]
    counts = [
        [score.n, NOT_COUNTED if score.positives is None else score.positives] for score in scores
    ]
    return ScoreTable(
        tuple(score.key for score in scores),
        np.array(numbers, dtype=np.float64).reshape(-1, 3),
        np.array(counts, dtype=np.int64).reshape(-1, 2),
        {place: score.note for place, score in enumerate(scores) if score.note},
    )


def keys_digest(keys: Sequence[ScoreKey]) -> str:
    """Identify a list of addresses: 16 digits."""
    return hashlib.sha256(json.dumps([astuple(key) for key in keys]).encode()).hexdigest()[:16]
