"""A row of the table of mixes, and how its numbers are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from leaderboard.read.mix_report import number_at
from leaderboard.words.verdicts import MINUS

SIDES = ("before", "after")
KINDS = ("tuned", "held_out")


@dataclass(frozen=True)
class MixRow:
    """A row of the board with the runs whose generators were asked the same neutral prompts."""

    name: str
    runs: list[dict[str, Any]]  # "group_mix" of generation.json

    def mean(self, *path: str | int) -> float:
        """Average a number over runs; NaN if one of them lacks it."""
        found = self.values(*path)
        return sum(found) / len(found)

    def values(self, *path: str | int) -> list[float]:
        """Return a number of every run; NaN where one lacks it."""
        return [number_at(run, path) for run in self.runs]


def by_counter(row: MixRow, side: str) -> str:
    """Return how far off single networks count a row to be: "7 to 21" points."""
    path = ("summary", "tuned", side, "by_counter")
    counters = row.runs[0]["summary"].get("tuned", {}).get(side, {}).get("by_counter", {})
    off = [x for x in (100 * row.mean(*path, name) for name in counters) if math.isfinite(x)]
    return f"{min(off):.0f} to {max(off):.0f}" if off else "–"


def percent(value: float) -> str:
    """Write a share as whole percent."""
    return f"{100 * value:.0f}%" if math.isfinite(value) else "–"


def points(value: float) -> str:
    """Write a share as percentage points."""
    return f"{100 * value:.1f}" if math.isfinite(value) else "–"


def decimal(value: float) -> str:
    """Write a number with two decimals."""
    return f"{value:.2f}".replace("-", MINUS) if math.isfinite(value) else "–"
