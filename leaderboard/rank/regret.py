"""How far a row stays below what can be learnt of a cell."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.api.scores import ScoreKey
from benchmark.metrics.ceiling import Regret, worst_cell_regret
from leaderboard.rank.standings import Standing


def regret_of(standing: Standing, ceilings: Mapping[ScoreKey, float]) -> Regret | None:
    """Return the largest distance of a row's accuracies below the ceilings; None: unknown."""
    return worst_cell_regret(ceilings, {key: standing.get(key).value for key in ceilings})
