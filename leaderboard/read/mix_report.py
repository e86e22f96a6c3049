"""What a run's file says of the mix that its generator draws; a stranger may have written it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from leaderboard.read.scored_run import ScoredRun

# A stranger's file cannot make a page of any size.
MOST = 64  # groups or sentences that are shown
LONGEST = 300  # letters of one of them


def mixes_of(run: ScoredRun) -> dict[str, Any]:
    """Return what a run says of proportions if it has the shape that it should have, else {}."""
    found = run.generation.get("group_mix")
    return found if isinstance(found, dict) and _whole(found) else {}


def _whole(found: dict[str, Any]) -> bool:
    """Say whether everything is there that is read without asking: a stranger may have made it."""
    groups, sentences = found.get("groups"), found.get("sentences")
    if not (isinstance(groups, list) and isinstance(sentences, list)):
        return False
    if not (1 < len(groups) <= MOST and len(sentences) <= MOST):
        return False
    if not all(isinstance(group, str) and len(group) <= LONGEST for group in groups):
        return False
    numbers = all(
        isinstance(found.get(name), list)
        and len(found[name]) == len(groups)
        and all(isinstance(x, int | float) and 0 <= x <= 1 for x in found[name])
        for name in ("target", "train")
    )
    spoken = sentences and all(
        isinstance(line, dict)
        and isinstance(line.get("after"), dict)
        and isinstance(line.get("before", {}), dict)
        and {"sentence", "tuned"} <= set(line)
        and isinstance(line["sentence"], str)
        and len(line["sentence"]) <= LONGEST
        for line in sentences
    )
    parts = all(isinstance(found.get(name), dict) for name in ("cost_of_tuning", "summary"))
    n = found.get("n")
    return bool(
        numbers
        and spoken
        and parts
        and "after" in found["cost_of_tuning"]
        and isinstance(n, int)
        and 0 < n < 10**6
    )


def question_of(found: dict[str, Any]) -> tuple[object, ...]:
    """Return what was asked: only answers to the same question stand in one table."""
    sentences = tuple(str(line["sentence"]) for line in found["sentences"])
    return tuple(found["groups"]), tuple(found["target"]), found["n"], sentences


def number_at(value: Any, path: Sequence[str | int]) -> float:
    """Follow a path into nested dicts and lists; NaN where it leads nowhere or to no number."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return math.nan
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:  # an integer of hundreds of digits
        return math.nan
