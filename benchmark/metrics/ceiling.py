"""How far a row stays behind what can be learnt of each cell: unequal difficulty is no unfairness.

The ceiling of a cell is its accuracy under a large training that was balanced over all cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import ScoreKey
from benchmark.metrics.fairness import cell_accuracy, confusion
from benchmark.metrics.partitions import partitions_of

CELL = "cell_accuracy"


@dataclass(frozen=True)
class Regret:
    """The largest distance of a row's cells below their ceilings, and the cell where it is."""

    points: float  # ceiling minus accuracy, as a share; below 0 where every cell beats its ceiling
    cell: ScoreKey


def cell_accuracies(
    card: TaskCard, table: pd.DataFrame, answers: np.ndarray
) -> dict[ScoreKey, float]:
    """Return the share of correct answers in every cell that a run is scored on and that has one.

    table: label and attributes in words, one row per patient; answers: (n,) class indices.
    """
    labels = card.encode_labels(table)
    found = {}
    for partition in partitions_of(card, table, labels)[1:]:
        shape = partition.label_counts.shape
        counts = confusion(labels, answers, partition.groups, shape, np.ones((1, len(table))))
        for (group, label), share in np.ndenumerate(cell_accuracy(counts)[0]):
            if partition.label_counts[group, label]:
                words = partition.values[group], card.classes[label]
                found[ScoreKey(CELL, partition.attributes, *words)] = float(share)
    return found


def worst_cell_regret(
    ceiling: Mapping[ScoreKey, float], cells: Mapping[ScoreKey, float | None]
) -> Regret | None:
    """Return the largest ceiling minus accuracy over the headline's cells, those of one attribute.

    cells: a row's accuracies by address; what else it holds is ignored. None where there is no
    ceiling, and where a cell that has one is missing or undefined in the row: the largest of some
    would be too small.
    """
    distances = {}
    for key, best in ceiling.items():
        if len(key.attributes) == 1:
            accuracy = cells.get(key)
            if accuracy is None:
                return None
            distances[key] = best - accuracy
    if not distances:
        return None
    worst = max(distances, key=lambda key: distances[key])
    return Regret(distances[worst], worst)
