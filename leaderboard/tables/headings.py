"""The upper heads of the ranking: which columns belong together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from leaderboard.tables.columns import Column


class Heading(NamedTuple):
    """A head over neighbouring columns that are shown or hidden together."""

    title: str  # empty: a blank cell
    span: int
    more: bool


def headings(columns: Sequence[Column]) -> list[Heading]:
    """Return the heads from left to right; columns that a reader must ask for have their own."""
    found: list[Heading] = []
    for (group, more), members in groupby(columns, key=lambda c: (c.group, c.more)):
        again = bool(found) and found[-1].title == group
        title = f"{group}, more" if again and group else group
        found.append(Heading(title, len(list(members)), more))
    return found
