"""How far a row stays behind what can be learnt of each cell: unequal difficulty is no unfairness.

The ceiling of a cell is its accuracy under a large training that was balanced over all cells.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import ScoreKey
from benchmark.metrics.fairness import cell_accuracy, confusion
from benchmark.metrics.partitions import Partition, partitions_of

CELL = "cell_accuracy"
NO_CEILING = "undefined: no ceiling was made for these test images"


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


def below_ceiling(
    card: TaskCard,
    partition: Partition,
    accuracy: np.ndarray,
    ceilings: Mapping[ScoreKey, float],
) -> np.ndarray:
    """Return ceiling less accuracy of every cell, (resamples, groups, classes).

    accuracy: of the same shape. NaN in a cell without a ceiling: the largest distance of the other
    cells would be too small.
    """
    best = [
        [ceilings.get(ScoreKey(CELL, partition.attributes, group, c), np.nan) for c in card.classes]
        for group in partition.values
    ]
    return np.asarray(np.array(best) - accuracy)
