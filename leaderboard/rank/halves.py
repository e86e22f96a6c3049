"""Do two halves of a board's seeds rank its rows alike?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.metrics.agreement import halves_agree
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE_KEY
from leaderboard.read.boards import Row
from leaderboard.read.scored_run import RunKey


@dataclass(frozen=True)
class Halves:
    """The answer, and which placed rows it is from: those with the most runs in common."""

    tau: float | None  # None: fewer than two rows or seeds, or no two rows differ
    seeds: int
    rows: tuple[str, ...]
    left_out: tuple[str, ...]  # rows with fewer seeds, or with others


def halves(standings: Sequence[Standing]) -> Halves:
    """Compare the rankings by two halves of the seeds, of the rows that share the most runs."""
    placed = [s for s in standings if s.place is not None]
    runs = _shared_by_most([s.row for s in placed])
    chosen = [s for s in placed if s.row.by_key.keys() >= runs]
    values = [[_headline(s.row, key) for key in sorted(runs)] for s in chosen]
    tau = halves_agree(np.array(values).reshape(len(chosen), len(runs)))
    others = tuple(s.label for s in placed if not s.row.by_key.keys() >= runs)
    return Halves(tau, len(runs), tuple(s.label for s in chosen), others)


def _shared_by_most(rows: Sequence[Row]) -> frozenset[RunKey]:
    """Return the largest set of runs that at least two rows have; of several, that of most rows."""
    sets = [frozenset(row.by_key) for row in rows]
    sharing = {runs: sum(runs <= other for other in sets) for runs in sets}
    several = [runs for runs, n in sharing.items() if n > 1]
    return max(several, key=lambda r: (len(r), sharing[r], sorted(r)), default=frozenset())


def _headline(row: Row, key: RunKey) -> float:
    table = row.by_key[key].table
    return float(table.values[table.keys.places[HEADLINE_KEY], 0])
