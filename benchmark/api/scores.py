"""A score: one number of a run, with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Score:
    """One number of a run, with what it rests on.

    attribute, group and label are None where the score is over everybody. An intersection has
    the attribute names joined by " x " and the group's values joined by ", ".
    value is None where it is undefined, and note says why.
    """

    metric: str
    value: float | None
    n: int
    attribute: str | None = None
    group: str | None = None
    label: str | None = None
    positives: int | None = None
    low: float | None = None  # 95 % interval, bootstrap over the patients of this run
    high: float | None = None
    note: str = ""
