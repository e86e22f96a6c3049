"""Differences of rows on the same seeds and patients, with the two parts of their variance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.metrics.chance import Part, half_widths, p_values
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.patients import difference_variance, patients_covariance
from benchmark.metrics.seed_noise import SeedPool


@dataclass(frozen=True)
class Differences:
    """m differences, a less b; arrays (m,)."""

    value: np.ndarray
    trainings: Part  # of the mean over seeds
    patients: Part

    def p_values(self) -> np.ndarray:
        """Return the unadjusted two-sided p-values."""
        return p_values(self.value, (self.trainings, self.patients))

    def intervals(self, alpha: float) -> tuple[np.ndarray, np.ndarray]:
        """Return low and high of intervals that each miss the truth with probability alpha."""
        half = half_widths(alpha, (self.trainings, self.patients))
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Stack:
    """Rows on the same seeds.

    methods: (rows,) names; rows of one method are settings of it. values: (rows, seeds).
    patients: (rows, rows), see patients_covariance.
    """

    methods: tuple[str, ...]
    values: np.ndarray
    patients: np.ndarray

    @property
    def seeds(self) -> int:
        """Return the number of seeds."""
        return int(self.values.shape[1])

    def differences(self, a: np.ndarray, b: np.ndarray, pool: SeedPool | None) -> Differences:
        """Compare rows a with rows b, two arrays of m places; their methods leave the pool.

        One seed compares two trained models: the patients' part alone. With more, the variance
        between seeds is the difference's own (seeds - 1 degrees of freedom), moderated.
        """
        apart = self.values[a] - self.values[b]
        known = np.full(len(a), np.inf)
        patients = Part(difference_variance(self.patients, a, b), known)
        if self.seeds < 2:
            return Differences(apart[:, 0], Part(np.zeros(len(a)), known), patients)
        variance, freedom = apart.var(axis=1, ddof=1), np.full(len(a), self.seeds - 1.0)
        if pool is not None:
            names = [[self.methods[place] for place in places] for places in (a, b)]
            variance, freedom = pool.priors(*names).moderate(variance, self.seeds - 1)
        return Differences(apart.mean(axis=1), Part(variance / self.seeds, freedom), patients)

    def covariance(self) -> np.ndarray:
        """Return how the rows' means vary together, (rows, rows), were all rows equally shaky.

        It only says how far comparisons depend on each other; their sizes are their own.
        """
        rest = self.values - self.values.mean(axis=1, keepdims=True)
        rest = rest - rest.mean(axis=0)
        freedom = max((len(self.values) - 1) * (self.seeds - 1), 1)
        variance = float((rest**2).sum()) / freedom / self.seeds
        return np.asarray(self.patients + variance * np.eye(len(self.values)))


def stack(rows: Sequence[RowDraws], keys: Iterable[Any]) -> Stack:
    """Stack the runs with these keys, which all rows have."""
    keys = sorted(keys)
    draws = np.array([[row.draws[key] for key in keys] for row in rows], dtype=np.float64)
    return Stack(tuple(row.method for row in rows), draws[:, :, 0], patients_covariance(draws))
