"""One row of the ranking: its cells, its marks, and what stands in it when it is opened."""

from __future__ import annotations

import json
from typing import Any

from benchmark.records.result import RunFacts
from leaderboard.rank.standings import Standing
from leaderboard.read.boards import Board, first_line
from leaderboard.tables.columns import COLUMNS, Context
from leaderboard.tables.groups import gap_lines, group_blocks
from leaderboard.words.verdicts import gain_words, headroom_words

KINDS = ("baseline", "method", "control")
FEWER = "Not every seed of this board finished for this row."
OTHER_PATIENTS = "Run on another version of the cohort than most rows, so it is not ranked."


def ranking_row(board: Board, standing: Standing, context: Context) -> dict[str, Any]:
    """Prepare one row for the template, with everything that it shows when it is opened."""
    row = standing.row
    cells = [
        {"key": c.key, "label": c.title, "words": c.words, **vars(c.cell(standing, context))}
        for c in COLUMNS
    ]
    kind = row.method["kind"]
    return {
        "id": f"{board.slug}-row-{board.rows.index(row)}",
        "name": row.name,
        "suffix": _suffix(board, standing),
        "kind": kind if kind in KINDS else "method",
        "summary": row.method.get("summary", ""),
        "words": f"{row.name} {row.method.get('summary', '')} {kind}".lower(),
        "done": bool(row.done),
        "complete": standing.complete,
        "cells": cells,
        "marks": _marks(standing, context),
        "errors": _errors(standing),
        "notes": _row_notes(standing),
        "fields": sorted((name, _plain(v)) for name, v in row.method["fields"].items()),
        "provenance": _provenance(standing),
        "groups": group_blocks(board.card, standing) if row.done else [],
        "gaps": gap_lines(board.card, standing) if row.done else [],
    }


def _suffix(board: Board, standing: Standing) -> str:
    """Distinguish rows of one method by the fields in which they differ."""
    same = [row for row in board.rows if row.name == standing.row.name]
    if len(same) < 2:
        return ""
    fields = standing.row.method["fields"]
    differ = [
        n for n in sorted(fields) if len({_plain(r.method["fields"].get(n)) for r in same}) > 1
    ]
    return ", ".join(f"{name} = {_plain(fields[name])}" for name in differ)


def row_label(board: Board, standing: Standing) -> str:
    """Name a row in a picture, where there is no second line for its fields."""
    suffix = _suffix(board, standing)
    return f"{standing.row.name} ({suffix})" if suffix else standing.row.name


def _plain(value: Any) -> str:
    return (value or "default") if isinstance(value, str) else json.dumps(value)


def _marks(standing: Standing, context: Context) -> list[dict[str, str]]:
    marks = []
    if not standing.row.done:
        marks.append({"text": "failed", "tone": "bad", "help": _errors(standing)[0]})
    elif len(standing.row.seeds) < context.planned:
        have = f"{len(standing.row.seeds)} of {context.planned} seeds"
        marks.append(
            {"text": have, "tone": "bad", "help": " ".join([*_missing_words(standing), FEWER])}
        )
        if standing.row.failed:
            failed = f"{len(standing.row.failed)} failed"
            marks.append({"text": failed, "tone": "bad", "help": " ".join(_errors(standing))})
    elif not standing.complete:
        marks.append({"text": "other patients", "tone": "bad", "help": OTHER_PATIENTS})
    if standing.levelling_down:
        marks.append(
            {
                "text": "levelling down",
                "tone": "bad",
                "help": "The gap is smaller than ERM's mostly because the best group is served "
                f"worse. Attributes: {', '.join(standing.levelling_down)}.",
            }
        )
    return marks


def _errors(standing: Standing) -> list[str]:
    return [
        f"Seed {run.config['seed']} failed: {first_line(run.error)}" for run in standing.row.failed
    ]


def _missing_words(standing: Standing) -> list[str]:
    failed = {run.config["seed"] for run in standing.row.failed}
    return [f"Seed {seed} is missing." for seed in standing.missing if seed not in failed]


def _row_notes(standing: Standing) -> list[str]:
    notes = _missing_words(standing)
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
    environment, method = row.config.get("environment", {}), row.method
    pairs = [
        ("came from", method.get("origin", "")),
        ("method's code", method.get("source", "")),
        ("seeds", ", ".join(map(str, row.seeds))),
        ("finished", _moment(row.finished)),
        ("steps", _distinct(_steps_words(run.facts) for run in row.done)),
        ("threshold", ", ".join(_threshold(run.scored.threshold) for run in row.done)),
        ("data", ", ".join(run.key[1][:12] for run in row.done)),
        ("row", str(row.config["row"])[:12]),
        *((name, _plain(value)) for name, value in environment.items()),
    ]
    return [(name, text) for name, text in pairs if text]


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
