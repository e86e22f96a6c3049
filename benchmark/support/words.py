"""Numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMES = 6  # a longer list is counted


def counted(n: int, noun: str, plural: str = "") -> str:
    """Say how many, in the singular for one: "1 run", "2 runs".

    plural: where it is not the noun with an s.
    """
    return f"{n:,} {noun if n == 1 else plural or f'{noun}s'}"


def seed_words(seeds: Sequence[int]) -> str:
    """Name seeds: "seed 3", "seeds 1, 2"."""
    return f"seed{'s' * (len(seeds) != 1)} {', '.join(map(str, seeds))}"


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """Name several things; of many, count those that are not named.

    Semicolons separate names that hold a comma.
    """
    between = "; " if any(", " in name for name in names) else ", "
    if len(names) <= most:
        return between.join(names)
    last = f"and {len(names) - most} more"
    return f"{between.join(names[:most])}{'; ' if between == '; ' else ' '}{last}"
