"""What is wrong with a table, for a person to read: in the order of its rows, equals grouped."""

from __future__ import annotations

import re
from collections.abc import Sequence

ROW = re.compile(r", row (\d+), ")
NAMED = 3  # rows of a group that are named; the others are counted


def by_row(problems: Sequence[str]) -> list[str]:
    """Sort problems by the row they name; those that differ in nothing else become one line.

    Problems of the whole table come first.
    """
    rows: dict[str, list[int]] = {}
    for problem in problems:
        found = ROW.search(problem)
        rest = ROW.sub(", row {}, ", problem, count=1) if found else problem
        rows.setdefault(rest, []).append(int(found[1]) if found else 0)
    ordered = sorted(rows.items(), key=lambda item: min(item[1]))
    return [_line(rest, sorted(set(numbers))) for rest, numbers in ordered]


def _line(rest: str, rows: list[int]) -> str:
    if len(rows) == 1:
        return rest.replace(", row {}, ", f", row {rows[0]}, ", 1)
    named = ", ".join(map(str, rows[:NAMED]))
    more = f", ... ({len(rows)} rows)" if len(rows) > NAMED else ""
    return rest.replace(", row {}, ", f", rows {named}{more}, ", 1)
