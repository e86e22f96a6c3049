"""From rows to standings: means over seeds, intervals, tiers, and gains over plain training.

A value that is undefined in one seed is undefined in the mean, with the reason. Comparisons are
made on the seeds and patients that both rows have, and on no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.scores import ScoreKey
from benchmark.metrics.comparisons import Gain, gains_over, headroom, levels_down
from benchmark.metrics.pairing import fullest
from benchmark.metrics.seed_noise import SeedNoise
from benchmark.metrics.tiers import tiers
from leaderboard.rank.estimates import (
    Draws,
    board_noise,
    draws_of,
    estimate_scores,
    measured,
)
from leaderboard.rank.means import Estimate, Estimates
from leaderboard.read.boards import Board, Row
from leaderboard.read.scored_run import RunKey, ScoredRun

HEADLINE = "worst_group_accuracy"
REFERENCE = "erm"  # plain training: what every gain is measured from
LONGER = "erm_same_compute"  # the same, with the compute of the costliest methods
ORACLE = "oracle"  # plain training on a cohort without bias: as far as debiasing can get


@dataclass(frozen=True)
class Standing:
    """Where a row stands on its board."""

    row: Row
    complete: bool  # it has the same runs, seed and data, as the fullest contestants
    place: int | None  # None for controls and for rows without a headline or not complete
    tier: int | None  # None too where there is one seed
    estimates: Estimates
    worst_cell: ScoreKey | None  # the cell with the lowest mean accuracy; None if any is undefined
    gains: Mapping[str, Gain] = field(default_factory=dict)  # by the row compared with
    levelling_down: tuple[str, ...] = ()  # attributes whose gap closed because the best fell
    headroom: float | None = None  # share of the way from ERM to the oracle, in the headline
    missing: tuple[int, ...] = field(default=())  # seeds that other rows have, failed ones too

    @property
    def is_control(self) -> bool:
        """Controls are shown, not ranked."""
        return self.row.is_control

    @property
    def headline(self) -> Estimate:
        """The worst-group accuracy."""
        return self.overall(HEADLINE)

    def overall(self, metric: str) -> Estimate:
        """A score over everybody."""
        return self.get(ScoreKey(metric))

    def get(self, key: ScoreKey) -> Estimate:
        """One estimate; one that no run has is undefined."""
        return self.estimates.get(key, Estimate(None, note=self._why_absent()))

    def _why_absent(self) -> str:
        return "not scored in these runs" if self.row.done else "no run of this row finished"


def rank(board: Board) -> list[Standing]:
    """Give every row of a board its numbers, best worst-group accuracy first, controls last."""
    resampled = [draws_of(row) for row in board.rows]
    headline = [draws.get(HEADLINE, {}) for draws in resampled]
    noises = board_noise(board.rows, resampled)
    all_runs = _all_runs(board.rows)
    gains = _gains(board.rows, headline, noises.get(HEADLINE))
    tier = _tiers(board.rows, headline, all_runs, noises.get(HEADLINE))
    reached = _headroom(board.rows, resampled)
    estimates = [
        estimate_scores(row, draws, noises)
        for row, draws in zip(board.rows, resampled, strict=True)
    ]
    plain = _row_of(board.rows, REFERENCE)
    standings = [
        Standing(
            row=row,
            complete=bool(all_runs) and row.by_key.keys() == all_runs,
            place=None,
            tier=tier.get(place),
            estimates=estimates[place],
            worst_cell=_worst_cell(board.card, estimates[place]),
            gains=gains.get(place, {}),
            levelling_down=_levelling_down(board.card, row, plain) if plain else (),
            headroom=reached.get(place),
            missing=tuple(seed for seed in board.seeds if seed not in row.seeds),
        )
        for place, row in enumerate(board.rows)
    ]
    return _in_order(standings)


def _worst_cell(card: TaskCard, estimates: Mapping[ScoreKey, Estimate]) -> ScoreKey | None:
    """Find the lowest cell; where any is undefined, nobody knows which one that is."""
    single = [(attribute.name,) for attribute in card.attributes]
    cells = {
        key: estimates[key].value
        for key in estimates
        if key.metric == "cell_accuracy" and key.attributes in single
    }
    defined = {key: value for key, value in cells.items() if value is not None}
    if not defined or len(defined) < len(cells):
        return None
    return min(defined, key=lambda key: defined[key])


def _row_of(rows: Sequence[Row], name: str) -> Row | None:
    found = [row for row in rows if row.name == name and row.done]
    return found[0] if len(found) == 1 else None


def _all_runs(rows: Sequence[Row]) -> frozenset[RunKey]:
    """Return the runs that a contestant must have to be placed."""
    contestants = [row for row in rows if row.done and not row.is_control]
    return fullest([frozenset(row.by_key) for row in contestants or rows])


def _headroom(rows: Sequence[Row], draws: Sequence[Mapping[str, Draws]]) -> dict[int, float | None]:
    """Measure how much of the way from ERM to the oracle each other row has gone."""
    ends = [_row_of(rows, name) for name in (REFERENCE, ORACLE)]
    if None in ends:
        return {}
    values = [measured(of_row, HEADLINE) for of_row in draws]
    start, end = (values[rows.index(row)] for row in ends if row)
    return {
        place: headroom(values[place], start, end)
        for place, row in enumerate(rows)
        if row not in ends
    }


def _gains(
    rows: Sequence[Row], draws: Sequence[Draws], noise: SeedNoise | None
) -> dict[int, dict[str, Gain]]:
    """Compare every row with plain training, and with plain training for longer."""
    gains: dict[int, dict[str, Gain]] = {}
    for name in (REFERENCE, LONGER):
        other = _row_of(rows, name)
        if other is None:
            continue
        reference = rows.index(other)
        others = {place: of_row for place, of_row in enumerate(draws) if place != reference}
        for place, gain in gains_over(draws[reference], others, noise).items():
            gains.setdefault(place, {})[name] = gain
    return gains


def _tiers(
    rows: Sequence[Row],
    draws: Sequence[Draws],
    all_runs: frozenset[RunKey],
    noise: SeedNoise | None,
) -> dict[int, int | None]:
    """Sort contestants into tiers; only those that have all runs take part, if there are any."""
    if not all_runs:
        return {}
    complete = {
        str(place): np.array([draws[place][key] for key in sorted(all_runs)])
        for place, row in enumerate(rows)
        if not row.is_control and row.by_key.keys() == all_runs
    }
    return {int(place): tier for place, tier in tiers(complete, noise=noise).items()}


def _levelling_down(card: TaskCard, row: Row, plain: Row) -> tuple[str, ...]:
    """Name the attributes whose gap is smaller than ERM's mostly because the best group fell."""
    shared = sorted(row.by_key.keys() & plain.by_key.keys())
    if row is plain or not shared:
        return ()
    own, reference = ([of.by_key[key] for key in shared] for of in (row, plain))
    return tuple(
        attribute.title
        for attribute in card.attributes
        if levels_down(_group_means(own, attribute), _group_means(reference, attribute))
    )


def _group_means(runs: Sequence[ScoredRun], attribute: Attribute) -> np.ndarray:
    """Return the mean balanced accuracy of each group, (values,); NaN where one is undefined."""
    keys = [ScoreKey("balanced_accuracy", (attribute.name,), (v,)) for v in attribute.values]
    places = [runs[0].table.keys.places[key] for key in keys]
    return np.asarray(np.mean([run.table.values[places, 0] for run in runs], axis=0))


def _in_order(standings: Sequence[Standing]) -> list[Standing]:
    """Sort by the headline: contestants before controls, rows that lack runs after the others.

    Only contestants with all runs and a headline are numbered.
    """

    def order(standing: Standing) -> tuple[bool, bool, bool, float, str]:
        value, lacking = standing.headline.value, not standing.complete
        return standing.is_control, lacking, value is None, -(value or 0.0), standing.row.name

    ordered = sorted(standings, key=order)
    numbered, place = [], 0
    for standing in ordered:
        if standing.is_control or not standing.complete or standing.headline.value is None:
            numbered.append(standing)
        else:
            place += 1
            numbered.append(replace(standing, place=place))
    return numbered
