"""From rows to standings: means over seeds, intervals, tiers, and gains over plain training.

A value that is undefined in one seed is undefined in the mean, with the reason. Comparisons are
made on the seeds and patients that both rows have, and on no others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.scores import ScoreKey
from benchmark.metrics.comparisons import Claim, Gain
from benchmark.metrics.seed_noise import seed_pool
from leaderboard.rank.estimates import draws_of, estimate_rows
from leaderboard.rank.means import Estimate, Estimates
from leaderboard.rank.placing import placing_values
from leaderboard.rank.verdicts import (
    HEADLINE,
    LONGER,
    board_claims,
    board_gains,
    board_headroom,
    board_levelling,
    board_places,
    completeness,
    of_headline,
    seeds_asked,
)
from leaderboard.rank.worst_cells import headline_cells, worst_cells
from leaderboard.read.boards import Board, Row
from leaderboard.read.row_settings import Settings, label_of, settings_apart


@dataclass(frozen=True)
class Standing:
    """Where a row stands on its board."""

    row: Row
    complete: bool  # it has the same runs, seed and data, as the fullest contestants of its kind
    place: int | None  # None for controls and for rows without a headline or not complete
    placed_by: float | None  # the headline on the seeds of ERM, see placing_values
    tier: int | None  # None too where there is one seed
    rank_low: int | None  # best and worst place that the comparisons of all pairs leave open
    rank_high: int | None
    estimates: Estimates
    worst_cell: ScoreKey | None  # the cell with the lowest mean accuracy; None if any is undefined
    worst_cells: tuple[ScoreKey, ...] = ()  # of each seed; empty if any cell is undefined
    gain: Gain | None = None  # over plain training, judged with all other contestants
    claims: tuple[Claim, ...] = ()  # against each row of compare_with, unadjusted
    over_longer: Claim | None = None  # against plain training for longer, unadjusted
    levelling_down: tuple[str, ...] = ()  # attributes whose gap closed because the best fell
    headroom: float | None = None  # share of the way from ERM to the oracle, in the headline
    missing: tuple[int, ...] = field(default=())  # seeds that others of its kind have, failed too
    settings: Settings = ()  # fields in which it differs from other rows of its method

    @property
    def label(self) -> str:
        """The method and what tells this row of it apart: "group_dro, step_size = 0.2"."""
        return label_of(self.row.name, self.settings)

    @property
    def not_run(self) -> tuple[int, ...]:
        """Seeds that others of its kind were asked for and this row was not."""
        failed = {run.config.seed for run in self.row.failed}
        return tuple(seed for seed in self.missing if seed not in failed)

    @property
    def is_control(self) -> bool:
        """Controls are shown, not ranked."""
        return self.row.is_control

    @property
    def planned(self) -> int:
        """How many seeds the row was to have."""
        return len(self.row.seeds) + len(self.missing)

    @property
    def has_other_seeds(self) -> bool:
        """Whether it has a place by its gain over ERM, because ERM has other seeds than it."""
        own, placed = self.headline.value, self.placed_by
        if self.place is None or own is None or placed is None:
            return False
        return not math.isclose(own, placed, abs_tol=1e-9)

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
    rows, draws = board.rows, [draws_of(row) for row in board.rows]
    # A row whose labels are in doubt is measured and compared with nobody.
    compared = [{} if row.unchecked else own for row, own in zip(rows, draws, strict=True)]
    headline = of_headline(compared)
    complete, asked = completeness(rows), seeds_asked(rows)
    placed = placing_values(rows, headline, complete)
    # What shares no run with the others cannot stand among them.
    complete = [whole and (i in placed or i not in headline) for i, whole in enumerate(complete)]
    pool = seed_pool(headline.values())
    gains, claims = board_gains(rows, headline, pool), board_claims(rows, headline, pool)
    found, reached = board_places(headline, complete, pool), board_headroom(rows, headline)
    levelled = board_levelling(board.card, rows, compared)
    estimates, settings = estimate_rows(rows, draws), settings_apart(rows)
    standings = [
        Standing(
            row=row,
            complete=complete[i],
            place=None,
            placed_by=placed[i] if not np.isnan(placed.get(i, np.nan)) else None,
            tier=found[i].tier if i in found else None,
            rank_low=found[i].low if i in found else None,
            rank_high=found[i].high if i in found else None,
            estimates=estimates[i],
            worst_cell=_worst_cell(board.card, estimates[i]),
            worst_cells=worst_cells(board.card, row),
            gain=gains.get(i),
            claims=tuple(
                claims[i, name] for name in row.method.compare_with if (i, name) in claims
            ),
            over_longer=claims.get((i, LONGER)),
            levelling_down=levelled.get(i, ()),
            headroom=reached.get(i),
            missing=tuple(seed for seed in asked[i] if seed not in row.seeds),
            settings=settings[i],
        )
        for i, row in enumerate(rows)
    ]
    return _in_order(standings)


def _worst_cell(card: TaskCard, estimates: Estimates) -> ScoreKey | None:
    """Find the lowest cell; where any is undefined, nobody knows which one that is."""
    keys = headline_cells(card)
    places = [estimates.addresses.places[key] for key in keys if key in estimates]
    accuracy = estimates.numbers[places, 0]
    if not places or np.isnan(accuracy).any():
        return None
    return keys[int(accuracy.argmin())]


def _in_order(standings: Sequence[Standing]) -> list[Standing]:
    """Sort by the headline on the seeds of ERM: contestants before controls, rows that lack runs
    after the others.

    Only contestants with all runs and a headline are numbered, where there are two or more.
    """

    def order(standing: Standing) -> tuple[bool, bool, bool, float, str]:
        value, lacking = standing.placed_by, not standing.complete
        return standing.is_control, lacking, value is None, -(value or 0.0), standing.row.name

    ordered = sorted(standings, key=order)
    whole = [i for i, s in enumerate(ordered) if _can_be_placed(s)]
    for place, i in enumerate(whole, start=1):
        if len(whole) > 1:
            ordered[i] = replace(ordered[i], place=place)
        else:  # nothing to rank it against
            ordered[i] = replace(ordered[i], tier=None, rank_low=None, rank_high=None)
    return ordered


def _can_be_placed(standing: Standing) -> bool:
    return standing.complete and not standing.is_control and standing.placed_by is not None
