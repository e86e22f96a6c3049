"""Ways to divide the test patients into groups, and what a group lacks to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.card import Group, TaskCard
from benchmark.metrics.catalogue import METRICS
from benchmark.support.words import counted


@dataclass(frozen=True)
class Partition:
    """The test patients by the values of some attributes; without attributes, all in one group."""

    attributes: tuple[str, ...]
    groups: np.ndarray  # (n,) group indices
    values: tuple[Group, ...]  # of each group, in the order of attributes
    label_counts: np.ndarray  # (groups, classes) images

    def who(self, group: int) -> str:
        """Name a group in a sentence: "sex=female, bmi=obese"."""
        if not self.attributes:
            return "everybody"
        pairs = zip(self.attributes, self.values[group], strict=True)
        return ", ".join(f"{attribute}={value}" for attribute, value in pairs)


def partitions_of(card: TaskCard, table: pd.DataFrame, labels: np.ndarray) -> list[Partition]:
    """Everybody, then each attribute, then each declared intersection.

    labels: (n,) class indices of the table's rows.
    """
    everybody = np.zeros(len(table), dtype=np.int64)
    partitions = [_partition(card, labels, (), everybody, [()])]
    for names in [*((a.name,) for a in card.attributes), *card.intersections]:
        groups, values = card.encode_groups(table, names)
        partitions.append(_partition(card, labels, names, groups, values))
    return partitions


def _partition(
    card: TaskCard,
    labels: np.ndarray,
    attributes: tuple[str, ...],
    groups: np.ndarray,
    values: Sequence[Group],
) -> Partition:
    shape = (len(values), len(card.classes))
    cells = groups * shape[1] + labels
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    return Partition(attributes, groups, tuple(values), counts)


def why_undefined(
    metric: str,
    classes: Sequence[str],
    partitions: Sequence[Partition],
    only: int | None = None,
) -> str:
    """Say which groups lack what the metric needs, counted from the table and not from NaNs.

    only: the index of the one group to look at; None: all groups.
    """
    needs = METRICS[metric].needs
    needed = {"positives": classes[1:], "negatives": classes[:1], "every class": classes}
    reasons = []
    for partition in partitions:
        for group in range(len(partition.values)) if only is None else [only]:
            counts = dict(zip(classes, partition.label_counts[group].tolist(), strict=True))
            n = sum(counts.values())
            absent = [label for label in needed.get(needs, ()) if counts[label] == 0]
            if n == 0:
                reasons.append(f"{partition.who(group)} has no test image")
            elif absent:
                lacking = " and none ".join(f"is {label}" for label in absent)
                images = counted(n, "test image")
                reasons.append(f"of {partition.who(group)}'s {images} none {lacking}")
    reasons = reasons or ["some group has nothing that this metric counts"]
    return f"undefined: {'; '.join(reasons)}"
