"""The first screen: how much there is, and the first rows of every board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.metrics.catalogue import METRICS
from benchmark.support.words import counted
from leaderboard.rank.standings import HEADLINE, Standing
from leaderboard.read.boards import Board
from leaderboard.tables.columns import COLUMNS
from leaderboard.tables.context import context_of
from leaderboard.tables.patients import settings
from leaderboard.tables.ranking_rows import code_stamp
from leaderboard.words.answer import place_of
from leaderboard.words.board_notes import board_notes
from leaderboard.words.headline_summary import headline_summary
from leaderboard.words.row_marks import placed_words, row_marks

FIRST_ROWS = 5  # of a board, on the first screen
DIGITAL = (
    "Digital cohorts are generated: their bias is known exactly, but a ranking on them says how "
    "methods handle that bias, not how they would do in a hospital."
)


def board_card(board: Board, standings: Sequence[Standing]) -> dict[str, Any]:
    """Prepare what the first screen says of a board."""
    context = context_of(board, standings)
    cells = {column.key: column.cell for column in COLUMNS}
    placed = [standing for standing in standings if standing.place is not None]
    first = (placed or standings)[:FIRST_ROWS]
    return {
        "slug": board.slug,
        "title": board.card.title,
        "version": board.card.version,
        "settings": settings(board),
        "question": board.card.question,
        "summary": headline_summary(standings, place_of(board)),
        "headline": METRICS[HEADLINE].title,
        "rows": _all_rows(len(standings)),
        "notes": board_notes(board),
        "not_run": sum(len(standing.not_run) for standing in standings),
        "first": [
            {
                "name": standing.label,
                "place": cells["place"](standing, context),
                "headline": cells[HEADLINE](standing, context),
                "placed": placed_words(standing),
                "gain": cells["gain"](standing, context),
                "marks": row_marks(standing, standing.planned),
            }
            for standing in first
        ],
    }


def _all_rows(n: int) -> str:
    return f"All {n} rows" if n > 1 else "The row"


def facts(boards: Sequence[Board], not_run: int) -> list[tuple[str, str]]:
    """Say how much is on the pages, and when and with what it was made.

    not_run: runs that other rows have and that nobody asked for.
    """
    rows = [row for board in boards for row in board.rows]
    done = [run for row in rows for run in row.done]
    failed = sum(len(row.failed) for row in rows)
    runs = f"{len(done)} finished, {failed} failed, {not_run} not run"
    finished = sorted(row.finished for row in rows if row.done)
    environments = [run.config.environment for run in done]
    return [
        ("Tasks", str(len({board.card.name for board in boards}))),
        ("Methods", str(len({row.name for row in rows if not row.is_control}))),
        ("Controls", str(len({row.name for row in rows if row.is_control}))),
        ("Runs", runs),
        ("Last run", finished[-1][:10]),
        ("Code", _commonest(environments, "commit")),
        ("Made with", f"torch {_commonest(environments, 'torch')}"),
        ("On", _commonest(environments, "device")),
    ]


def _commonest(environments: Sequence[Mapping[str, Any]], name: str) -> str:
    """Return the value most runs have, and say that there are others."""
    values = Counter(str(code_stamp(name, e.get(name, "unknown"))) for e in environments)
    (value, _), *others = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return f"{value} and {counted(len(others), 'other')}" if others else value


def presets(boards: Sequence[Board]) -> list[dict[str, str]]:
    """Say what the results are good for, once per preset."""
    found = {board.preset.name: board.preset.description for board in boards}
    digital = {board.preset.name for board in boards if board.facts.digital}
    return [
        {"name": name, "meaning": " ".join([_sentence(words), *[DIGITAL] * (name in digital)])}
        for name, words in sorted(found.items())
    ]


def _sentence(words: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""
