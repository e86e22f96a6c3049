"""One row of the ranking: its cells, its marks, and what stands in it when it is opened."""

from __future__ import annotations

import json
from typing import Any

from benchmark.records.result import RunFacts
from leaderboard.rank.standings import Standing
from leaderboard.read.boards import Board
from leaderboard.tables.columns import COLUMNS, Context
from leaderboard.tables.groups import gap_lines, group_blocks
from leaderboard.words.row_marks import error_words, missing_words, row_marks
from leaderboard.words.verdicts import gain_words, headroom_words

KINDS = ("baseline", "method", "control")


def ranking_row(board: Board, standing: Standing, context: Context) -> dict[str, Any]:
    """Prepare one row for the template, with everything that it shows when it is opened."""
    row = standing.row
    cells = [
        {"key": c.key, "label": c.title, "words": c.words, **vars(c.cell(standing, context))}
        for c in COLUMNS
    ]
    kind = row.method.kind
    return {
        "id": f"{board.slug}-row-{board.rows.index(row)}",
        "name": row.name,
        "suffix": _suffix(board, standing),
        "kind": kind if kind in KINDS else "method",
        "summary": row.method.summary,
        "words": f"{row.name} {row.method.summary} {kind}".lower(),
        "done": bool(row.done),
        "complete": standing.complete,
        "cells": cells,
        "marks": row_marks(standing, context.planned),
        "errors": error_words(standing),
        "notes": _row_notes(standing),
        "fields": sorted((name, _plain(v)) for name, v in row.method.fields.items()),
        "provenance": _provenance(standing),
        "groups": group_blocks(board.card, standing) if row.done else [],
        "gaps": gap_lines(board.card, standing) if row.done else [],
    }


def _suffix(board: Board, standing: Standing) -> str:
    """Distinguish rows of one method by the fields in which they differ."""
    same = [row for row in board.rows if row.name == standing.row.name]
    if len(same) < 2:
        return ""
    fields = standing.row.method.fields
    differ = [n for n in sorted(fields) if len({_plain(r.method.fields.get(n)) for r in same}) > 1]
    return ", ".join(f"{name} = {_plain(fields[name])}" for name in differ)


def row_label(board: Board, standing: Standing) -> str:
    """Name a row in a picture, where there is no second line for its fields."""
    suffix = _suffix(board, standing)
    return f"{standing.row.name} ({suffix})" if suffix else standing.row.name


def _plain(value: Any) -> str:
    return (value or "default") if isinstance(value, str) else json.dumps(value)


def _row_notes(standing: Standing) -> list[str]:
    notes = missing_words(standing)
    notes += [gain_words(gain, over) for over, gain in standing.gains.items()]
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
    pairs = [
        ("came from", method.origin),
        ("method's code", method.source),
        ("seeds", ", ".join(map(str, row.seeds))),
        ("finished", _moment(row.finished)),
        ("steps", _distinct(_steps_words(run.facts) for run in row.done)),
        ("threshold", ", ".join(_threshold(run.threshold) for run in row.done)),
        ("data", ", ".join(run.key[1][:12] for run in row.done)),
        ("row", str(row.config.row)[:12]),
        *((name, _plain(code_stamp(name, value))) for name, value in environment.items()),
    ]
    return [(name, text) for name, text in pairs if text]


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
