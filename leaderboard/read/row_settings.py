"""What tells rows of one method apart: the fields in which they differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from leaderboard.read.boards import Row

Settings = tuple[tuple[str, str], ...]  # names of fields and their values in words


def settings_apart(rows: Sequence[Row]) -> list[Settings]:
    """Return for each row the fields in which rows of its method differ; none for a lone row."""
    fields = [row.method.fields for row in rows]
    found = []
    for row in rows:
        alike = [f for f, other in zip(fields, rows, strict=True) if other.name == row.name]
        own = row.method.fields
        differ = [n for n in sorted(own) if len({field_words(f.get(n)) for f in alike}) > 1]
        found.append(tuple((name, field_words(own[name])) for name in differ))
    return found


def label_of(name: str, settings: Settings) -> str:
    """Name a row by its method and what tells it apart: "group_dro, step_size = 0.2"."""
    return f"{name}, {settings_words(settings)}" if settings else name


def settings_words(settings: Settings) -> str:
    """Say settings in a line: "limit = 20.0, step_size = 0.2"."""
    return ", ".join(f"{name} = {value}" for name, value in settings)


def field_words(value: Any) -> str:
    """Write a field's value; an empty word stands for the default."""
    return (value or "default") if isinstance(value, str) else json.dumps(value)
