"""One row of the ranking: its cells, its marks, and what stands in it when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.records.result import RunFacts
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import LONGER
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.read.row_settings import field_words, settings_words
from leaderboard.tables.columns import columns_of
from leaderboard.tables.context import Context
from leaderboard.tables.groups import GroupTables
from leaderboard.tables.written import pairs, table_cells
from leaderboard.words.cells import undefined_words
from leaderboard.words.row_marks import error_words, not_run_words, row_marks
from leaderboard.words.verdicts import gain_words, headroom_words

KINDS = ("baseline", "method", "control")


def ranking_rows(
    board: Board, standings: Sequence[Standing], context: Context
) -> list[dict[str, Any]]:
    """Prepare all rows for the template."""
    places = {id(row): place for place, row in enumerate(board.rows)}
    tables = GroupTables(board.card)
    return [
        {
            **ranking_row(standing, context, tables),
            "id": f"{board.slug}-row-{places[id(standing.row)]}",
        }
        for standing in standings
    ]


def ranking_row(standing: Standing, context: Context, tables: GroupTables) -> dict[str, Any]:
    """Prepare one row with everything that it shows when it is opened."""
    row = standing.row
    columns = columns_of(context)
    cells = [column.cell(standing, context) for column in columns]
    at = [column.key for column in columns].index("method")
    kind = row.method.kind
    return {
        "name": row.name,
        "suffix": settings_words(standing.settings),
        "kind": kind if kind in KINDS else "method",
        "summary": row.method.summary,
        "words": f"{row.name} {row.method.summary} {kind}".lower(),
        "done": bool(row.done),
        "complete": standing.complete,
        "before": table_cells(columns[:at], cells[:at]),
        "after": table_cells(columns[at + 1 :], cells[at + 1 :]),
        "marks": row_marks(standing, standing.planned),
        "errors": error_words(standing),
        "notes": _row_notes(standing),
        "fields": pairs(sorted((name, field_words(v)) for name, v in row.method.fields.items())),
        "provenance": pairs(_provenance(standing)),
        "groups": tables.groups(standing.estimates) if row.done else "",
        "gaps": tables.gaps(standing.estimates) if row.done else "",
    }


def _row_notes(standing: Standing) -> list[str]:
    notes = not_run_words(standing)
    if standing.row.done and standing.headline.value is None:
        notes.append(undefined_words(standing))
    elif standing.gain is not None:
        notes.append(gain_words(standing.gain, REFERENCE))
    notes += [
        gain_words(claim, claim.against) if claim.seeds else f"Not compared with {claim.against}."
        for claim in standing.claims
        if claim.against not in (REFERENCE, LONGER)
    ]
    if standing.over_longer is not None and standing.over_longer.seeds:
        notes.append(gain_words(standing.over_longer, LONGER))
    if standing.headroom is not None:
        notes.append(headroom_words(standing.headroom))
    if standing.row.older:
        versions = "version" if standing.row.older == 1 else "versions"
        notes.append(
            f"{standing.row.older} older {versions} of this row, made by other code, not shown."
        )
    return notes


def _provenance(standing: Standing) -> list[tuple[str, str]]:
    row = standing.row
    environment, method = row.config.environment, row.method
    listed = [
        ("came from", method.origin),
        ("method's code", method.source),
        ("seeds", ", ".join(map(str, row.seeds))),
        ("finished", _moment(row.finished)),
        ("steps", _distinct(_steps_words(run.facts) for run in row.done)),
        ("threshold", ", ".join(_threshold(run.threshold) for run in row.done)),
        ("data", ", ".join(run.key[1][:12] for run in row.done)),
        ("row", str(row.config.row)[:12]),
        *((name, field_words(code_stamp(name, value))) for name, value in environment.items()),
    ]
    return [(name, text) for name, text in listed if text]


def code_stamp(name: str, value: Any) -> Any:
    """Say in words what the + at the end of a commit means; other facts stay as they are."""
    if name != "commit" or not str(value).endswith("+"):
        return value
    return f"{str(value).removesuffix('+')} with uncommitted changes"


def _steps_words(facts: RunFacts) -> str:
    """Say how long a run trained, and that it did so by a loop of its own."""
    if facts.steps is None:
        return "own loop, steps not reported"
    own = facts.steps and not facts.standard_loop
    return f"{facts.steps}{', own loop' if own else ''}"


def _threshold(value: float | None) -> str:
    return "most probable class" if value is None else f"{value:.3f}"


def _distinct(values: Any) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values if value is not None))


def _moment(timestamp: str) -> str:
    return timestamp[:16].replace("T", " ")
