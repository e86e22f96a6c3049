"""Patients who are alike in all that answers are counted by, counted together.

Thousands of patients fall into some dozens of kinds (groups x label x answers), so resamples are
summed once per kind, and every table of counts follows from these sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Kinds:
    """The kinds that occur."""

    first: np.ndarray  # (kinds,) the index of a row of each kind
    totals: np.ndarray  # (1 + resamples, kinds) how often each kind counts


def kinds_of(columns: Sequence[np.ndarray], weights: np.ndarray) -> Kinds:
    """Find the rows that are alike in all columns.

    columns: (n,) non-negative integers each; weights: (1 + resamples, n).
    """
    kind = np.zeros(weights.shape[1], dtype=np.int64)
    for column in columns:
        _, kind = np.unique(kind * (int(column.max(initial=0)) + 1) + column, return_inverse=True)
    _, first = np.unique(kind, return_index=True)
    order = np.argsort(kind, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(kind[order]) > 0][: len(kind)])
    if len(starts) == 0:
        return Kinds(first, np.zeros((len(weights), 0)))
    return Kinds(first, np.add.reduceat(weights[:, order], starts, axis=1))
