"""Which runs two rows share: only those are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

# Seed and fingerprint of the data: what two runs share to be compared. Anything that sorts will do.
Key = TypeVar("Key", bound=Any)


@dataclass(frozen=True)
class RowDraws:
    """One row of a board, for one score.

    method: the method that the row is a setting of. draws: (1 + resamples,) of each run.
    kind: baselines and methods are contestants, a control is shown beside them. The baselines'
    variance between seeds helps to judge every row (seed_noise.py).
    """

    method: str
    draws: Mapping[Any, np.ndarray]
    kind: Literal["baseline", "method", "control"] = "baseline"

    @property
    def ranked(self) -> bool:
        """Return whether the row is a contestant."""
        return self.kind != "control"

    @property
    def measured(self) -> dict[Any, float]:
        """Return the value of each run as measured."""
        return {key: float(of_run[0]) for key, of_run in self.draws.items()}


def fullest(keys: Sequence[frozenset[Key]]) -> frozenset[Key]:
    """Return the largest set of runs that a row has; among equals, the most frequent one."""
    counts = Counter(keys)
    if not counts:
        return frozenset()
    return max(counts, key=lambda runs: (len(runs), counts[runs], sorted(runs)))
