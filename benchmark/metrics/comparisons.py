"""Is one row better than another? Verdicts, each read off its interval.

Rows are compared on the runs that both have: the same seeds and the same test patients.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

import numpy as np

from benchmark.metrics.chance import LEVEL
from benchmark.metrics.differences import Differences, Stack, stack
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import SeedPool
from benchmark.metrics.simultaneous import family_against_one

Verdict = Literal["better", "worse", "not significant", "one seed", "undefined"]
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Comparison:
    """The difference of two rows with its interval and two-sided p-value; NaN where undefined.

    One seed compares two trained models and not two methods: its interval is over test patients
    only, and it has no p-value. With more seeds the interval leaves out 0 exactly where the
    p-value is below 5 %.
    """

    difference: float
    low: float
    high: float
    p_value: float
    seeds: int  # how many runs both have
    trainings: float = field(default=math.nan, kw_only=True)  # variance of the mean over seeds
    patients: float = field(default=math.nan, kw_only=True)  # the test patients' part of it
    level: float = field(default=LEVEL, kw_only=True)  # at which the interval misses the truth

    @property
    def verdict(self) -> Verdict:
        """What the interval allows to say at the 5 % level."""
        if self.seeds == 1:
            return "one seed"
        if math.isnan(self.low) or self.seeds == 0:
            return "undefined"
        if self.low <= 0 <= self.high:
            return "not significant"
        return "better" if self.difference > 0 else "worse"


@dataclass(frozen=True)
class Gain(Comparison):
    """A difference from the board's reference, judged together with all other contestants'.

    q_value: false discovery rate over the contestants; NaN for a control, which is compared alone.
    """

    q_value: float = math.nan


@dataclass(frozen=True)
class Claim(Comparison):
    """A comparison that was declared before the runs; other rows do not change its level."""

    against: str = ""


def claims_of(
    rows: Mapping[Name, RowDraws],
    pairs: Sequence[tuple[Name, Name]],
    pool: SeedPool | None = None,
) -> dict[tuple[Name, Name], Claim]:
    """Compare each first row of a pair with the second, unadjusted.

    The pool may moderate the variance between seeds. A pair without a shared run, with an
    undefined value, or with a row that is not there, is undefined, with 0 seeds.
    """
    nan = math.nan
    claims = {pair: Claim(nan, nan, nan, nan, 0, str(pair[1])) for pair in pairs}
    present = [pair for pair in claims if rows.keys() >= set(pair)]
    for block in compared(rows, present, pool):
        limits, p_values = block.found.intervals(LEVEL), block.p_values()
        for place, pair in enumerate(block.pairs):
            numbers = block.numbers(place, limits)
            p_value, parts = float(p_values[place]), block.variances(place)
            claims[pair] = Claim(*numbers, p_value, block.seeds, str(pair[1]), **parts)
    return claims


def gains_over(
    reference: Name,
    rows: Mapping[Name, RowDraws],
    pool: SeedPool | None = None,
    alpha: float = LEVEL,
) -> dict[Name, Gain]:
    """Compare rows with one of them; rows that share no run with it or are undefined are left out.

    The contestants among the rows form one family: intervals and p-values are simultaneous
    (max-t), so that a board without any difference shows one in at most alpha of cases. Controls
    are compared one by one.
    """
    others = [name for name in rows if name != reference and reference in rows]
    ranked, controls = (
        compared(rows, [(name, reference) for name in others if rows[name].ranked == kind], pool)
        for kind in (True, False)
    )
    blocks = ranked + controls
    alone = {pair[0]: p for b in blocks for pair, p in zip(b.pairs, b.p_values(), strict=True)}
    tested = [name for name, p in alone.items() if rows[name].ranked and not math.isnan(p)]
    family = family_against_one([block.dependence(set(tested)) for block in ranked])
    p_values = np.array([alone[name] for name in tested])
    adjusted = dict(zip(tested, family.adjust(p_values), strict=True))
    q_values = dict(zip(tested, false_discovery(p_values), strict=True))
    gains = {}
    for block in blocks:
        levels = {False: alpha, True: family.level(alpha)}
        limits = {joint: block.found.intervals(level) for joint, level in levels.items()}
        for place, (name, _) in enumerate(block.pairs):
            joint = name in adjusted
            numbers = block.numbers(place, limits[joint])
            p_value = float(adjusted.get(name, alone[name]))
            q_value = float(q_values.get(name, math.nan))
            if not math.isnan(numbers[0]):
                parts = block.variances(place) | {"level": levels[joint]}
                gains[name] = Gain(*numbers, p_value, block.seeds, q_value, **parts)
    return {name: gains[name] for name in rows if name in gains}


@dataclass(frozen=True)
class Block(Generic[Name]):
    """Pairs of rows that share the same runs, compared."""

    pairs: list[tuple[Name, Name]]
    stack: Stack
    a: np.ndarray  # (pairs,) place in the stack of the first row of each pair
    b: np.ndarray
    found: Differences

    @property
    def seeds(self) -> int:
        """Return how many runs all of them share."""
        return self.stack.seeds

    def p_values(self) -> np.ndarray:
        """Return the unadjusted p-values, (pairs,); one seed has none."""
        return self.found.p_values() if self.seeds > 1 else np.full(len(self.pairs), np.nan)

    def dependence(self, tested: set[Name]) -> np.ndarray:
        """Return the covariance of the differences whose first row is tested."""
        kept = [place for place, pair in enumerate(self.pairs) if pair[0] in tested]
        a, b, rows = self.a[kept], self.b[kept], self.stack.covariance()
        crossed = rows[np.ix_(a, b)] + rows[np.ix_(b, a)]
        return np.asarray(rows[np.ix_(a, a)] + rows[np.ix_(b, b)] - crossed)

    def variances(self, place: int) -> dict[str, float]:
        """Return the two parts of the variance of a pair's difference."""
        found = self.found
        parts = {"trainings": found.trainings, "patients": found.patients}
        return {name: float(part.variance[place]) for name, part in parts.items()}

    def numbers(
        self, place: int, limits: tuple[np.ndarray, np.ndarray]
    ) -> tuple[float, float, float]:
        """Return difference, low and high of a pair, cut to what a difference of shares can be."""
        low, high = (float(limit[place]) for limit in limits)
        return float(self.found.value[place]), max(low, -1.0), min(high, 1.0)


def compared(
    rows: Mapping[Name, RowDraws],
    pairs: Sequence[tuple[Name, Name]],
    pool: SeedPool | None,
) -> list[Block[Name]]:
    """Compare pairs of rows, those with the same shared runs at once.

    Pairs without a shared run or with an undefined value are left out.
    """
    values = {name: row.measured for name, row in rows.items()}
    blocks = []
    for keys, alike in sorted(_by_shared_runs(values, pairs).items()):
        # Sorted by what they reached, so that no digit depends on the order of the rows.
        reached = {a: [values[a][key] for key in keys] for a in dict.fromkeys(a for a, _ in alike)}
        chosen = sorted(alike, key=lambda pair: reached[pair[0]])
        names = list(dict.fromkeys(name for pair in chosen for name in pair))
        place = {name: i for i, name in enumerate(names)}
        together = stack([rows[name] for name in names], keys)
        first, second = (np.array([place[pair[side]] for pair in chosen]) for side in (0, 1))
        found = together.differences(first, second, pool)
        blocks.append(Block(chosen, together, first, second, found))
    return blocks


def _by_shared_runs(
    values: Mapping[Name, Mapping[Any, float]], pairs: Sequence[tuple[Name, Name]]
) -> dict[tuple[Any, ...], list[tuple[Name, Name]]]:
    """Sort pairs by the runs that both rows have; values: of each row in each run.

    Most rows have the same runs, so a board of 20,000 pairs has few different answers.
    """
    runs = {name: frozenset(of_row) for name, of_row in values.items()}
    undefined = {
        name: {key for key, value in of_row.items() if math.isnan(value)}
        for name, of_row in values.items()
    }
    shared: dict[tuple[Any, Any], tuple[Any, ...]] = {}
    by_runs: dict[tuple[Any, ...], list[tuple[Name, Name]]] = defaultdict(list)
    for pair in pairs:
        a, b = pair
        both = runs[a], runs[b]
        if both not in shared:
            shared[both] = tuple(sorted(runs[a] & runs[b]))
        keys = shared[both]
        broken = undefined[a] or undefined[b]
        if keys and not (broken and (undefined[a] | undefined[b]) & set(keys)):
            by_runs[keys].append(pair)
    return by_runs


def false_discovery(p_values: np.ndarray) -> np.ndarray:
    """Return the q-values of p-values, (m,) to (m,): Benjamini and Hochberg 1995 (from memory).

    Of the comparisons with a q-value up to q, a share of q at most is false on average. The
    p-values are those before any adjustment.
    """
    order = np.argsort(-np.asarray(p_values), kind="stable")
    m = len(order)
    q_values = np.empty(m)
    q_values[order] = np.minimum.accumulate(p_values[order] * m / np.arange(m, 0, -1))
    return q_values


def headroom(
    row: Mapping[Any, float], plain: Mapping[Any, float], oracle: Mapping[Any, float]
) -> float | None:
    """Return how much of the way from plain training to the oracle a row has gone.

    row, plain, oracle: the value of each run. Measured on the runs that all three have; None
    where there are none, or where the oracle is no better than plain training.
    """
    shared = sorted(row.keys() & plain.keys() & oracle.keys())
    if not shared:
        return None
    reached, start, end = np.mean([(row[k], plain[k], oracle[k]) for k in shared], axis=0)
    return float((reached - start) / (end - start)) if end > start else None
