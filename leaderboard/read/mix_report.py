"""What a run's file says of the mix that its generator draws, as the page's tables read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmark.api.card import group_words
from leaderboard.read.scored_run import ScoredRun


def mixes_of(run: ScoredRun) -> dict[str, Any]:
    """Return the group mix of a run as plain values, groups in words; {} if it has none."""
    if run.generation is None or run.generation.group_mix is None:
        return {}
    mix = run.generation.group_mix
    return mix.model_dump(exclude_none=True) | {"groups": [group_words(g) for g in mix.groups]}


def question_of(found: dict[str, Any]) -> tuple[object, ...]:
    """Return what was asked: only answers to the same question stand in one table."""
    sentences = tuple(line["sentence"] for line in found["sentences"])
    return tuple(found["groups"]), tuple(found["target"]), found["n"], sentences


def number_at(value: Any, path: Sequence[str | int]) -> float:
    """Follow a path into nested dicts and lists; NaN where it leads nowhere or to no number."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return math.nan
    return float(value) if isinstance(value, int | float) else math.nan
