"""The scores of a run as arrays: a page of thousands of runs has a million scores."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np

from benchmark.api.scores import Score, ScoreKey

NOT_COUNTED = -1  # positives, where there are more than two classes


@dataclass(frozen=True, eq=False)
class ScoreKeys:
    """The addresses of all scores of a run, in order."""

    in_order: tuple[ScoreKey, ...]

    def __len__(self) -> int:
        return len(self.in_order)

    @cached_property
    def places(self) -> dict[ScoreKey, int]:
        """Where each address stands."""
        return {key: place for place, key in enumerate(self.in_order)}

    @cached_property
    def digest(self) -> str:
        """Identify the list: 16 digits."""
        words = json.dumps([astuple(key) for key in self.in_order])
        return hashlib.sha256(words.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ScoreTable:
    """All scores of a run.

    values: (keys, 3) value, low and high, NaN where there is none. counts: (keys, 2) images and
    positives. notes: by place in keys.
    """

    keys: ScoreKeys
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
        return Score(
            self.keys.in_order[place], value, n, counted, low, high, self.notes.get(place, "")
        )


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
        ScoreKeys(tuple(score.key for score in scores)),
        np.array(numbers, dtype=np.float64).reshape(-1, 3),
        np.array(counts, dtype=np.int64).reshape(-1, 2),
        {place: score.note for place, score in enumerate(scores) if score.note},
    )
