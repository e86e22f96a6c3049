"""Group by group: the table inside an opened row, and the heat map over all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.api.card import TaskCard
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.scoring import BETWEEN_ATTRIBUTES
from leaderboard.rank.estimates import Estimate
from leaderboard.rank.standings import FEW, Standing
from leaderboard.tables.columns import estimate_cell

GROUP_METRICS = (
    "balanced_accuracy",
    "sensitivity",
    "specificity",
    "auroc",
    "expected_calibration_error",
)


TONES = (0.9, 0.8, 0.7, 0.6, 0.5)  # accuracy from which a cell is t0, t1, ...; below: t5


def group_blocks(card: TaskCard, standing: Standing) -> list[dict[str, Any]]:
    """Everybody, each attribute, each declared intersection: one line per group."""
    metrics = group_metrics(card)
    blocks = [{"title": "Everybody", "rows": [_group_line(standing, None, None, metrics)]}]
    for names in [*((a.name,) for a in card.attributes), *card.intersections]:
        key, titles = BETWEEN_ATTRIBUTES.join(names), [card.attribute(n).title for n in names]
        lines = [_group_line(standing, key, group, metrics) for group in card.group_names(names)]
        blocks.append({"title": " × ".join(titles), "rows": lines})
    return blocks


def group_metrics(card: TaskCard) -> tuple[str, ...]:
    """Sensitivity and specificity exist for two classes only."""
    if len(card.classes) == 2:
        return GROUP_METRICS
    return tuple(m for m in GROUP_METRICS if m not in ("sensitivity", "specificity"))


def _group_line(
    standing: Standing, attribute: str | None, group: str | None, metrics: Sequence[str]
) -> dict[str, Any]:
    found = [standing.get(metric, attribute, group) for metric in metrics]
    cells = [_group_cell(e, metric) for e, metric in zip(found, metrics, strict=True)]
    n = found[0].n
    return {"name": group or "all", "n": n, "faint": n < FEW, "cells": cells}


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
        (a.name, value, label)
        for a in card.attributes
        for value in a.values
        for label in card.classes
    ]
    edges = [
        i % (len(card.classes)) == 0 and keys[i][0] != keys[i - 1][0] for i in range(len(keys))
    ]
    per_value = len(card.classes)
    return {
        "attributes": [(a.title, per_value * len(a.values)) for a in card.attributes],
        "groups": [
            (value, per_value, k == 0) for a in card.attributes for k, value in enumerate(a.values)
        ],
        "labels": [(label, edge) for (_, _, label), edge in zip(keys, edges, strict=True)],
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


def _heat_cell(standing: Standing, key: tuple[str, str, str], edge: bool) -> dict[str, Any]:
    attribute, group, label = key
    estimate = standing.get("cell_accuracy", attribute, group, label)
    where = f"{standing.row.name}: {label}, {group}"
    worst = standing.worst_cell == ("cell_accuracy", attribute, group, label)
    cell = {"edge": edge, "worst": worst, "faint": 0 < estimate.n < FEW}
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
