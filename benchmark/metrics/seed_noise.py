"""How far trainings differ: the variance between seeds, moderated by the baselines of a board.

Two or three seeds say little about one row's own variance, but the rows of a board train the same
network on the same data. So an own variance is pulled towards that of the baselines (empirical
Bayes, Smyth 2004, doi 10.2202/1544-6115.1027), the further, the more alike they are and the better
it fits them. Methods are no part of the pool: what one method is compared with does not change
with the methods that others submit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc, polygamma

from benchmark.metrics.pairing import RowDraws, fullest

FEWEST = 2  # other baselines that a prior needs
DOUBTFUL = 0.3  # below this p-value of the ratio own to prior, the prior counts for less
FLOOR = 1e-4  # of the mean variance: what a row that never moved counts as, since it has no log
_HALVES = np.geomspace(0.05, 5000, 4000)  # half degrees of freedom, to invert trigamma
_TRIGAMMA = polygamma(1, _HALVES)


@dataclass(frozen=True)
class Prior:
    """What the baselines say about a variance; arrays of one shape. Freedom 0: nothing."""

    variance: np.ndarray
    freedom: np.ndarray  # how much it counts
    known: np.ndarray  # degrees of freedom of its estimate

    def moderate(self, own: np.ndarray, freedom: int) -> tuple[np.ndarray, np.ndarray]:
        """Pull variances with their own degrees of freedom to the prior: variance and freedom.

        An own variance too large to fit the others is that of an erratic row, and the others say
        little about it: where the F test of own over prior has p < DOUBTFUL, the prior's degrees
        of freedom are lessened in proportion to p.
        """
        ratio = own / np.where(self.variance > 0, self.variance, np.where(own > 0, 1e-300, 1.0))
        fits = fdtrc(freedom, np.maximum(self.known, 1.0), ratio)
        counts = self.freedom * np.minimum(fits / DOUBTFUL, 1.0)
        return (own * freedom + self.variance * counts) / (freedom + counts), freedom + counts


@dataclass(frozen=True)
class SeedPool:
    """How each baseline of a board moves from seed to seed, apart from what moves all of them."""

    methods: tuple[str, ...]
    variances: np.ndarray  # (methods,) between seeds, what row and seed leave unexplained
    by_seed: Mapping[object, float]  # mean over the baselines in each run
    freedom: int  # seeds - 1: of each variance

    def priors(self, *without: Sequence[str], differences: bool = True) -> Prior:
        """Return the prior of each value or difference from all baselines but its own.

        without: one or two sequences of m names; element i of each is left out of prior i. The
        variance is the mean over the methods left, twice that for a difference. Its degrees of
        freedom say how alike they are: the variance of their logarithms, less what chance alone
        would give, is trigamma(freedom / 2). The logarithm of a sum of two varies half as much.
        They are never more than what the methods left have together: logarithms of few variances
        cannot prove them equal.
        """
        place = {method: i for i, method in enumerate(self.methods)}
        away = np.array([[place.get(name, -1) for name in names] for names in without])
        if len(away) == 2:
            away[1] = np.where(away[1] == away[0], -1, away[1])  # one method is left out once
        mean = self.variances.mean()
        logs = np.log(np.maximum(self.variances, FLOOR * mean)) if mean > 0 else 0 * self.variances
        left = len(self.methods) - (away >= 0).sum(axis=0)
        average, _ = _without(self.variances, away, left)
        _, spread = _without(logs, away, left)
        unlike = spread - float(polygamma(1, self.freedom / 2)) if mean > 0 else 0 * spread
        known = left * float(self.freedom)
        prior = np.minimum(_freedom_of(unlike / 2 if differences else unlike), known)
        freedom = np.where(left < FEWEST, 0.0, prior)
        return Prior((2 if differences else 1) * average, freedom, known)


def _without(
    values: np.ndarray, away: np.ndarray, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of values without the places in away, -1 being none: (m,) each."""
    centred = values - values.mean()
    padded = np.append(centred, 0.0)
    total = centred.sum() - padded[away].sum(axis=0)
    squares = (centred**2).sum() - (padded[away] ** 2).sum(axis=0)
    mean = total / np.maximum(left, 1)
    variance = np.maximum(squares - left * mean**2, 0) / np.maximum(left - 1, 1)
    return mean + values.mean(), variance


def _freedom_of(unlike: np.ndarray) -> np.ndarray:
    """Return the degrees of freedom whose log-variances vary by this; inf where by none."""
    halves = np.interp(unlike, _TRIGAMMA[::-1], _HALVES[::-1])
    return np.where(unlike <= _TRIGAMMA[-1], np.inf, 2 * halves)


def seed_pool(rows: Iterable[RowDraws]) -> SeedPool | None:
    """Pool the baselines that have all runs; None with fewer than two of them, or than two seeds.

    A two-way layout of baselines and seeds without replication: the remainder of a baseline has
    variance s2 (n - 1) / n with n of them. Of the rows of one baseline only the one whose seeds
    differ most takes part: settings of one method move together, so counting each of them would
    overstate how well the noise is known.
    """
    pooled = [(row.method, row.measured) for row in rows if row.kind == "baseline"]
    keys = sorted(fullest([frozenset(values) for _, values in pooled]))
    chosen: dict[str, np.ndarray] = {}
    for method, values in pooled:
        of_row = np.array([values[key] for key in keys if key in values])
        if len(of_row) == len(keys) and len(values) == len(keys) and not np.isnan(of_row).any():
            known = chosen.get(method)
            if known is None or np.var(of_row) > np.var(known):
                chosen[method] = of_row
    if len(chosen) < 2 or len(keys) < 2:
        return None
    methods = tuple(sorted(chosen))
    table = np.array([chosen[method] for method in methods])
    by_seed = table.mean(axis=0)
    rest = table - table.mean(axis=1, keepdims=True) - by_seed + table.mean()
    n, freedom = len(methods), len(keys) - 1
    variances = (rest**2).sum(axis=1) / freedom * n / (n - 1)
    return SeedPool(methods, variances, dict(zip(keys, by_seed, strict=True)), freedom)
