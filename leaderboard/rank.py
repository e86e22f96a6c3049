"""From rows to standings: means over seeds, intervals, tiers, and gains over plain training.

A value that is undefined in one seed is undefined in the mean, with the reason. Comparisons are
made on the seeds and patients that both rows have, and on no others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmark.contracts import TaskCard
from benchmark.metrics.fairness import levels_down
from benchmark.metrics.intervals import Comparison, SeedNoise, compare, holm, tiers
from leaderboard.collect import Board, Row
from leaderboard.estimates import (
    Draws,
    Estimate,
    Key,
    board_noise,
    estimate_scores,
    fullest_of,
    resample,
)

HEADLINE = "worst_group_accuracy"
REFERENCE = "erm"  # plain training: what every gain is measured from
MATCHED = "erm_same_compute"  # the same, with the compute of the costliest methods
SIGNIFICANT = 0.05
FEW = 50  # images; a group with fewer is shown in grey


@dataclass(frozen=True)
class Gain:
    """What a row has over another one in the headline."""

    over: str
    difference: float
    low: float
    high: float
    p_value: float  # after Holm's adjustment over all rows of the board
    seeds: int  # how many seeds both have

    @property
    def over_words(self) -> str:
        """The other row as it is said in a sentence."""
        return {REFERENCE: "ERM", MATCHED: "ERM with more compute"}[self.over]

    @property
    def verdict(self) -> str:
        """Say in words what the numbers allow to say."""
        if math.isnan(self.p_value):
            return f"cannot be compared with {self.over_words}"
        if self.p_value >= SIGNIFICANT:
            return f"no evidence of better than {self.over_words}"
        return f"{'better' if self.difference > 0 else 'worse'} than {self.over_words}"


@dataclass(frozen=True)
class Standing:
    """Where a row stands on its board."""

    row: Row
    place: int | None  # None for yardsticks and for rows without a headline
    tier: int | None  # None too where not all seeds are there
    estimates: Mapping[Key, Estimate]
    worst_cell: Key | None  # the cell with the lowest mean accuracy
    gains: tuple[Gain, ...] = ()
    levelling_down: tuple[str, ...] = ()  # attributes whose gap closed because the best fell
    missing: tuple[int, ...] = field(default=())  # seeds that other rows have, failed ones too

    @property
    def is_control(self) -> bool:
        """Yardsticks are shown, not ranked."""
        return self.row.method["kind"] == "control"

    @property
    def headline(self) -> Estimate:
        """The worst-group accuracy."""
        return self.overall(HEADLINE)

    def overall(self, metric: str) -> Estimate:
        """A score over everybody."""
        return self.get(metric)

    def get(
        self,
        metric: str,
        attribute: str | None = None,
        group: str | None = None,
        label: str | None = None,
    ) -> Estimate:
        """One estimate; one that no run has is undefined."""
        absent = Estimate(None, note=self._why_absent())
        return self.estimates.get((metric, attribute, group, label), absent)

    def _why_absent(self) -> str:
        return "not scored in these runs" if self.row.done else "no run of this row finished"


def rank(board: Board) -> list[Standing]:
    """Give every row of a board its numbers, best worst-group accuracy first, controls last."""
    resampled = [resample(row, board.card) for row in board.rows]
    headline = [draws.get(HEADLINE, {}) for draws in resampled]
    noises = board_noise(board.rows, resampled)
    gains = _gains(board.rows, headline, noises.get(HEADLINE))
    tier = _tiers(board.rows, headline, noises.get(HEADLINE))
    estimates = [
        estimate_scores(row, draws, noises)
        for row, draws in zip(board.rows, resampled, strict=True)
    ]
    plain = _place_of(board.rows, REFERENCE)
    standings = [
        Standing(
            row=row,
            place=None,
            tier=tier.get(place),
            estimates=estimates[place],
            worst_cell=_worst_cell(board.card, estimates[place]),
            gains=tuple(gains.get(place, ())),
            levelling_down=_levelling_down(
                board.card, estimates[place], None if plain is None else estimates[plain]
            ),
            missing=tuple(seed for seed in board.seeds if seed not in row.seeds),
        )
        for place, row in enumerate(board.rows)
    ]
    return _in_order(standings)


def _worst_cell(card: TaskCard, estimates: Mapping[Key, Estimate]) -> Key | None:
    attributes = [attribute.name for attribute in card.attributes]
    cells = {
        key: estimate.value
        for key, estimate in estimates.items()
        if key[0] == "cell_accuracy" and estimate.value is not None and key[1] in attributes
    }
    return min(cells, key=lambda key: cells[key]) if cells else None


def _place_of(rows: Sequence[Row], name: str) -> int | None:
    places = [place for place, row in enumerate(rows) if row.name == name and row.done]
    return places[0] if len(places) == 1 else None


def _paired(a: Draws, b: Draws) -> tuple[np.ndarray, np.ndarray] | None:
    """Stack the runs of two rows that share seed and data; None if there are none."""
    common = sorted(a.keys() & b.keys())
    if not common:
        return None
    return np.array([a[key] for key in common]), np.array([b[key] for key in common])


def _gains(
    rows: Sequence[Row], draws: Sequence[Draws], noise: SeedNoise | None
) -> dict[int, list[Gain]]:
    """Compare every row with plain training and with its matched control."""
    gains: dict[int, list[Gain]] = {}
    for name in (REFERENCE, MATCHED):
        reference = _place_of(rows, name)
        if reference is None:
            continue
        compared: dict[int, tuple[Comparison, int]] = {}
        for place in range(len(rows)):
            pair = _paired(draws[place], draws[reference])
            if place != reference and pair is not None:
                compared[place] = compare(*pair, noise), len(pair[0])
        adjusted = _holm([comparison.p_value for comparison, _ in compared.values()])
        for (place, (c, seeds)), p_value in zip(compared.items(), adjusted, strict=True):
            if not math.isnan(c.difference):
                gain = Gain(name, c.difference, c.low, c.high, p_value, seeds)
                gains.setdefault(place, []).append(gain)
    return gains


def _holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values that are defined; the others stay undefined."""
    p = np.array(p_values, dtype=float)
    defined = ~np.isnan(p)
    p[defined] = holm(p[defined])
    return [float(value) for value in p]


def _tiers(
    rows: Sequence[Row], draws: Sequence[Draws], noise: SeedNoise | None
) -> dict[int, int | None]:
    """Sort contestants into tiers; only those that have the runs most others have take part."""
    contestants = [p for p, row in enumerate(rows) if row.method["kind"] != "control" and row.done]
    if not contestants:
        return {}
    fullest = fullest_of([frozenset(draws[place]) for place in contestants])
    complete = {
        str(place): np.array([draws[place][key] for key in sorted(fullest)])
        for place in contestants
        if frozenset(draws[place]) == fullest
    }
    return {int(place): tier for place, tier in tiers(complete, noise=noise).items()}


def _levelling_down(
    card: TaskCard, estimates: Mapping[Key, Estimate], plain: Mapping[Key, Estimate] | None
) -> tuple[str, ...]:
    """Name the attributes whose gap is smaller than ERM's mostly because the best group fell."""
    if plain is None or plain is estimates:
        return ()
    return tuple(
        attribute.title
        for attribute in card.attributes
        if levels_down(
            _group_values(estimates, attribute.name, attribute.values),
            _group_values(plain, attribute.name, attribute.values),
        )
    )


def _group_values(
    estimates: Mapping[Key, Estimate], attribute: str, values: Sequence[str]
) -> np.ndarray:
    found = [estimates.get(("balanced_accuracy", attribute, value, None)) for value in values]
    return np.array([np.nan if e is None or e.value is None else e.value for e in found])


def _in_order(standings: Sequence[Standing]) -> list[Standing]:
    """Sort by the headline, undefined last; contestants before yardsticks; number the former."""

    def order(standing: Standing) -> tuple[bool, bool, float, str]:
        value = standing.headline.value
        return standing.is_control, value is None, -(value or 0.0), standing.row.name

    ordered = sorted(standings, key=order)
    numbered, place = [], 0
    for standing in ordered:
        if standing.is_control or standing.headline.value is None:
            numbered.append(standing)
        else:
            place += 1
            numbered.append(replace(standing, place=place))
    return numbered
