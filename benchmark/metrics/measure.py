"""Computes every metric of the catalogue on one division of the test patients into groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.metrics.catalogue import METRICS, Metric
from benchmark.metrics.fairness import confusion
from benchmark.metrics.partitions import Partition


@dataclass(frozen=True)
class HeldOutRows:
    """The test rows as arrays, the frozen answers, and weights with a first row of ones."""

    card: TaskCard
    table: pd.DataFrame
    labels: np.ndarray  # (n,) class indices
    probability: np.ndarray  # (n, classes)
    predicted: np.ndarray  # (n,) class indices
    weights: np.ndarray  # (1 + resamples, n)


@dataclass(frozen=True)
class Measured:
    """The draws of every metric on one partition, shaped as the metric's `per` says."""

    partition: Partition
    draws: dict[str, np.ndarray]


def measure(test: HeldOutRows, partition: Partition) -> Measured:
    """Compute every metric that the number of classes allows.

    Raises ValueError where a metric's function returns another shape than its entry says.
    """
    shape = partition.label_counts.shape
    counts = confusion(test.labels, test.predicted, partition.groups, shape, test.weights)
    draws: dict[str, np.ndarray] = {}

    def compute(name: str) -> np.ndarray:
        if name not in draws:
            metric = METRICS[name]
            if metric.reads == "answers":
                values = metric.function(counts)
            elif metric.reads == "probabilities":
                values = _group_by_group(metric, test, partition)
            else:
                values = metric.function(compute(metric.reads))
            _check_shape(name, values, (len(test.weights), *shape))
            draws[name] = values
        return draws[name]

    for name, metric in METRICS.items():
        if len(test.card.classes) == 2 or not metric.two_classes:
            compute(name)
    return Measured(partition, draws)


def _group_by_group(metric: Metric, test: HeldOutRows, partition: Partition) -> np.ndarray:
    """Call a metric of probabilities on each group's rows, (1 + resamples, groups)."""
    columns = []
    for group in range(len(partition.values)):
        rows = partition.groups == group
        columns.append(
            metric.function(test.labels[rows], test.probability[rows], test.weights[:, rows])
        )
    return np.stack(columns, axis=1)


def _check_shape(name: str, values: np.ndarray, full: tuple[int, int, int]) -> None:
    """full: resamples, groups, classes."""
    per = METRICS[name].per
    expected = {"cell": full, "group": full[:2]}.get(per, full[:1])
    if np.shape(values) != expected:
        raise ValueError(
            f"The function of metric {name!r} returned shape {np.shape(values)}. Its entry says "
            f"per={per!r}, which is {expected} here: see Metric in benchmark/metrics/catalogue.py."
        )
