"""How far a plan was when a page was written between its runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unfinished:
    """The runs of a plan that is not done: what the page says of it."""

    total: int  # runs of the plan
    done: int
    failed: int
    more_seeds: int  # rows of which some runs have ended and others are to come
    to_come: tuple[str, ...]  # methods of which no run has ended
