"""Two kinds of seeds: settings are chosen on development seeds, boards are made of the others."""

from __future__ import annotations

FIRST_DEVELOPMENT_SEED = 100


def is_development(seed: int) -> bool:
    """Say whether a seed is for choosing settings; boards that report methods have the others."""
    return seed >= FIRST_DEVELOPMENT_SEED
