"""Computes every metric of the catalogue on one division of some patients into groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS, Patients
from benchmark.metrics.ceiling import CELL, below_ceiling
from benchmark.metrics.fairness import confusion
from benchmark.metrics.kinds import Kinds
from benchmark.metrics.partitions import Partition


@dataclass(frozen=True)
class HeldOutRows:
    """One population's rows as arrays, the frozen answers, and weights, first a row of ones."""

    patients: Patients
    card: TaskCard
    table: pd.DataFrame
    labels: np.ndarray  # (n,) class indices
    probability: np.ndarray  # (n, classes)
    answers: dict[str, np.ndarray]  # (n,) class indices, by what metrics read
    kinds: Kinds  # of images that are alike in groups, label and answers
    weights: np.ndarray  # (1 + resamples, n)
    ceilings: Mapping[ScoreKey, float] = field(default_factory=dict)  # of cells, where known


@dataclass(frozen=True)
class Measured:
    """The draws of every metric on one partition, shaped as the metric's `per` says."""

    partition: Partition
    draws: dict[str, np.ndarray]


def named(card: TaskCard, per: str, patients: Patients = "test") -> Iterator[str]:
    """Name the metrics of a kind that exist for as many classes as the card has."""
    binary = len(card.classes) == 2
    for name, metric in METRICS.items():
        wanted = (metric.per, metric.patients) == (per, patients)
        if wanted and (binary or not metric.two_classes):
            yield name


def measure(rows: HeldOutRows, partition: Partition) -> Measured:
    """Compute every metric of these patients that the number of classes allows.

    Raises ValueError where a metric's function returns another shape than its entry says.
    """
    shape = partition.label_counts.shape
    full = (len(rows.weights), *shape)
    draws = _of_probabilities(rows, partition)
    counts = {reads: _counts(rows, partition, reads) for reads in rows.answers}

    def compute(name: str) -> np.ndarray:
        if name not in draws:
            metric = METRICS[name]
            draws[name] = metric.function(read(metric.reads))
        return draws[name]

    def read(reads: str) -> np.ndarray:
        if reads == "below ceiling":
            return below_ceiling(rows.card, partition, compute(CELL), rows.ceilings)
        return counts[reads] if reads in counts else compute(reads)

    for name in _asked(rows, partition):
        _check_shape(name, compute(name), full)
    return Measured(partition, draws)


def _asked(rows: HeldOutRows, partition: Partition) -> list[str]:
    """Name what is computed of a partition."""
    kinds = ["group", "cell", *(["attribute", "run"] if partition.attributes else ["everybody"])]
    return [name for kind in kinds for name in named(rows.card, kind, rows.patients)]


def _counts(rows: HeldOutRows, partition: Partition, reads: str) -> np.ndarray:
    """Count answers, (1 + resamples, groups, true class, predicted class)."""
    first = rows.kinds.first
    return confusion(
        rows.labels[first],
        rows.answers[reads][first],
        partition.groups[first],
        partition.label_counts.shape,
        rows.kinds.totals,
    )


def _of_probabilities(rows: HeldOutRows, partition: Partition) -> dict[str, np.ndarray]:
    """Call the metrics of probabilities on each group's rows, (1 + resamples, groups) each."""
    metrics = {
        name: METRICS[name]
        for name in _asked(rows, partition)
        if METRICS[name].reads == "probabilities"
    }
    columns: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for group in range(len(partition.values)) if metrics else ():
        members = np.flatnonzero(partition.groups == group)
        of_group = (rows.labels[members], rows.probability[members], rows.weights[:, members])
        for name, metric in metrics.items():
            columns[name].append(metric.function(*of_group))
    return {name: np.stack(values, axis=1) for name, values in columns.items()}


def _check_shape(name: str, values: np.ndarray, full: tuple[int, int, int]) -> None:
    """full: resamples, groups, classes."""
    groups = full[:2]
    allowed: dict[str, tuple[tuple[int, ...], ...]] = {
        "cell": (full,),
        "group": (groups,),
        "everybody": (groups,),
        "run": (groups, full),
        "attribute": (full[:1],),
    }
    per = METRICS[name].per
    if np.shape(values) not in allowed[per]:
        raise ValueError(
            f"The function of metric {name!r} returned shape {np.shape(values)}. Its entry says "
            f"per={per!r}, which is {' or '.join(map(str, allowed[per]))} here: see Metric in "
            "benchmark/metrics/catalogue.py."
        )
