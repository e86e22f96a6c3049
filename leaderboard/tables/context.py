"""What the cells of a ranking may need besides their row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.api.card import TaskCard
from leaderboard.rank.regret import has_regret
from leaderboard.rank.standings import Standing
from leaderboard.read.boards import REFERENCE, Board


@dataclass(frozen=True)
class Context:
    """What a cell may need besides its row."""

    card: TaskCard
    planned: int  # seeds that any row of the board was asked for
    common: int  # seeds of the rows that have most: with one there is neither tier nor verdict
    reference: float | None  # ERM's headline
    regret: bool = True  # whether any row has a distance from a ceiling
    digital: bool = True  # whether patients as recruited can be made
    seeds: tuple[int, ...] = ()  # how many the complete contestants have, in order
    fewest: int = 0  # seeds of the row that has fewest, and of the one that has most
    most: int = 0


def context_of(board: Board, standings: Sequence[Standing]) -> Context:
    """Gather what the cells of a board's rows share."""
    done = [len(s.row.seeds) for s in standings if s.row.done]
    plain = next((s for s in standings if s.row.name == REFERENCE), None)
    return Context(
        card=board.card,
        planned=len(board.seeds),
        common=max((len(s.row.seeds) for s in standings if s.complete), default=0),
        reference=plain.headline.value if plain else None,
        regret=has_regret(board),
        digital=board.facts.digital,
        seeds=tuple(sorted({len(s.row.seeds) for s in standings if s.place is not None})),
        fewest=min(done, default=0),
        most=max(done, default=0),
    )
