"""Group by group: the table inside an opened row, and the heat map over all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.api.card import Group, TaskCard, group_words
from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS, Per
from leaderboard.rank.estimates import Estimate
from leaderboard.rank.standings import Standing
from leaderboard.tables.columns import estimate_cell

FEW = 50  # images; a value that rests on fewer is shown in grey
TONES = (0.9, 0.8, 0.7, 0.6, 0.5)  # accuracy from which a cell is t0, t1, ...; below: t5


def group_blocks(card: TaskCard, standing: Standing) -> list[dict[str, Any]]:
    """Everybody, each attribute, each declared intersection: one line per group."""
    metrics = detail_metrics(card, "group")
    blocks = [{"title": "Everybody", "rows": [_group_line(standing, (), (), metrics)]}]
    for names in [*((a.name,) for a in card.attributes), *card.intersections]:
        titles = [card.attribute(name).title for name in names]
        lines = [_group_line(standing, names, group, metrics) for group in card.group_names(names)]
        blocks.append({"title": " × ".join(titles), "rows": lines})
    return blocks


def gap_lines(card: TaskCard, standing: Standing) -> list[dict[str, Any]]:
    """Return differences between groups: overall, of each attribute, of each intersection."""
    metrics = detail_metrics(card, "attribute")
    lines = [_group_line(standing, (), (), metrics) | {"name": "worst attribute"}]
    for names in [*((a.name,) for a in card.attributes), *card.intersections]:
        title = " × ".join(card.attribute(name).title for name in names)
        lines.append(_group_line(standing, names, (), metrics) | {"name": title})
    return lines


def detail_metrics(card: TaskCard, per: Per) -> list[str]:
    """Return the metrics that the tables of an opened row show."""
    return [
        name
        for name, metric in METRICS.items()
        if metric.per == per
        and metric.in_details
        and (len(card.classes) == 2 or not metric.two_classes)
    ]


def _group_line(
    standing: Standing, attributes: tuple[str, ...], group: Group, metrics: Sequence[str]
) -> dict[str, Any]:
    found = [standing.get(ScoreKey(metric, attributes, group)) for metric in metrics]
    cells = [_group_cell(e, metric) for e, metric in zip(found, metrics, strict=True)]
    n = found[0].n
    return {"name": group_words(group) or "all", "n": n, "faint": n < FEW, "cells": cells}


def _group_cell(estimate: Estimate, metric: str) -> dict[str, Any]:
    """Show a value with how many images it rests on; one that rests on few is faint."""
    shown, rests_on = estimate_cell(estimate, metric), support(estimate, metric)
    note = shown.note or f"Rests on {rests_on} images."
    return {**vars(shown), "note": note, "faint": rests_on < FEW}


def support(estimate: Estimate, metric: str) -> int:
    """Count the images that decide how sure a value is: of the label that the metric looks at.

    A metric that needs every class is no surer than the rarer one lets it be.
    """
    if estimate.positives is None or estimate.negatives is None:
        return estimate.n
    by_need = {
        "positives": estimate.positives,
        "negatives": estimate.negatives,
        "every class": min(estimate.positives, estimate.negatives),
    }
    return by_need.get(METRICS[metric].needs, estimate.n)


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
                "cells": [
                    _heat_cell(standing, key, edge) for key, edge in zip(keys, edges, strict=True)
                ],
            }
            for standing, name in zip(standings, names, strict=True)
        ],
    }


def _heat_cell(standing: Standing, key: ScoreKey, edge: bool) -> dict[str, Any]:
    estimate = standing.get(key)
    where = f"{standing.row.name}: {key.label}, {group_words(key.values)}"
    cell = {"edge": edge, "worst": standing.worst_cell == key, "faint": 0 < estimate.n < FEW}
    if estimate.value is None:
        return {**cell, "text": "–", "tone": "missing", "title": f"{where}: {estimate.note}"}
    shown = estimate_cell(estimate, "cell_accuracy")
    title = f"{where}: {shown.text} ({shown.sub or 'no interval'}), n = {estimate.n}"
    return {
        **cell,
        "text": f"{100 * estimate.value:.0f}",
        "tone": tone(estimate.value),
        "title": title,
    }


def tone(accuracy: float) -> str:
    """Return the style of an accuracy: t0 (hardly anyone is failed) to t5 (worse than guessing)."""
    return f"t{sum(accuracy < edge for edge in TONES)}"
