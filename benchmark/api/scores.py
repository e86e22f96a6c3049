"""A score: one number of a run, its address, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreKey:
    """The address of a score, in every file and table.

    Without attributes the score is over everybody. With attributes and values it is over one
    group, values in the order of attributes. With attributes and no values it compares the groups
    that these attributes make. label: over the images of that label only.
    """

    metric: str
    attributes: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    label: str | None = None


@dataclass(frozen=True)
class Score:
    """One number of a run; value is None where it is undefined, and note says why."""

    key: ScoreKey
    value: float | None
    n: int  # images that it rests on
    positives: int | None = None
    low: float | None = None  # 95 % interval, bootstrap over the patients of this run
    high: float | None = None
    note: str = ""
