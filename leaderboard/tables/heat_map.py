"""The heat map: accuracy in every cell of label and attribute value, a row per method."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from benchmark.api.card import TaskCard, group_words
from benchmark.api.scores import ScoreKey
from leaderboard.rank.standings import Standing
from leaderboard.tables.columns import interval
from leaderboard.tables.groups import FEW

EDGES = (0.5, 0.6, 0.7, 0.8, 0.9)  # accuracy below the first is t5, from the last on t0


def heat_map(card: TaskCard, standings: Sequence[Standing], names: Sequence[str]) -> dict[str, Any]:
    """Lay out accuracy per cell: a column per attribute value and label, a named row per method."""
    keys = [
        ScoreKey("cell_accuracy", (a.name,), (value,), label)
        for a in card.attributes
        for value in a.values
        for label in card.classes
    ]
    edges = [
        i % len(card.classes) == 0 and keys[i].attributes != keys[i - 1].attributes
        for i in range(len(keys))
    ]
    where = [str(escape(f"{key.label}, {group_words(key.values)}")) for key in keys]
    per_value = len(card.classes)
    return {
        "attributes": [(a.title, per_value * len(a.values)) for a in card.attributes],
        "groups": [
            (value, per_value, k == 0) for a in card.attributes for k, value in enumerate(a.values)
        ],
        "labels": [(key.label, edge) for key, edge in zip(keys, edges, strict=True)],
        "rows": [
            {
                "name": name,
                "control": standing.is_control,
                "cells": Markup("".join(
                    _cell(standing, *at) for at in zip(keys, where, edges, strict=True)
                )),
            }
            for standing, name in zip(standings, names, strict=True)
        ],
    }  # fmt: skip


def _cell(standing: Standing, key: ScoreKey, where: str, edge: bool) -> str:
    """Write one cell; where: its label and group, ready for the page."""
    estimates = standing.estimates
    place = estimates.addresses.places.get(key)
    value, low, high = (math.nan,) * 3 if place is None else estimates.numbers[place].tolist()
    style = " edge" if edge else ""
    if math.isnan(value):
        note = escape(standing.get(key).note)
        return f'<td class="missing{style}" title="{where}: {note}">–</td>'
    n = int(estimates.counts[place, 0])
    style += " worst" if standing.worst_cell == key else ""
    style += " faint" if n < FEW else ""
    limits = "no interval" if math.isnan(low) else interval(low, high, "cell_accuracy")
    title = f"{where}: {value:.1%} ({limits}), n = {n}"
    return f'<td class="{tone(value)}{style}" title="{title}">{100 * value:.0f}</td>'


def tone(accuracy: float) -> str:
    """Return the style of an accuracy: t0 (hardly anyone is failed) to t5 (worse than guessing)."""
    return f"t{len(EDGES) - bisect(EDGES, accuracy)}"
