"""Which runs two rows share: only those are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

# Seed and fingerprint of the data: what two runs share to be compared. Anything that sorts will do.
Key = TypeVar("Key", bound=Any)


def fullest(keys: Sequence[frozenset[Key]]) -> frozenset[Key]:
    """Return the largest set of runs that a row has; among equals, the most frequent one."""
    counts = Counter(keys)
    if not counts:
        return frozenset()
    return max(counts, key=lambda runs: (len(runs), counts[runs], sorted(runs)))


def paired(*rows: Mapping[Key, np.ndarray]) -> list[np.ndarray]:
    """Stack the draws of the runs that all rows share, in the same order; empty if none.

    rows: draws (1 + resamples,) of each run. Returns (shared runs, 1 + resamples) for each row.
    """
    shared = sorted(set(rows[0]).intersection(*rows[1:]))
    return [np.array([row[key] for key in shared]) for row in rows]
