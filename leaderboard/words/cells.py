"""Cells of label and attribute value in words."""

from __future__ import annotations

import re

from benchmark.api.card import group_words
from benchmark.metrics.catalogue import METRICS
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE


def undefined_words(standing: Standing) -> str:
    """Say why a row has no worst-group accuracy: each reason once, not once per seed."""
    reasons = re.split(r"(?:^|; )seed \d+: (?:undefined: )?", standing.headline.note)
    told = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    return f"{METRICS[HEADLINE].title} is undefined: {told}."


def cell_words(standing: Standing) -> str:
    """Name the cell where a row does worst with every seed: "worst cell: ill, female".

    The headline is the mean of each seed's worst cell, so a cell is named only where it is the
    same one with every seed. Empty where a cell is undefined.
    """
    cells = list(dict.fromkeys(standing.worst_cells))
    if not cells:
        return ""
    if len(cells) > 1:
        return "worst cells differ between seeds"
    every = " with every seed" if len(standing.worst_cells) > 1 else ""
    return f"worst cell{every}: {cells[0].label}, {group_words(cells[0].values)}"
