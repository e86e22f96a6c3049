"""From a table of saved predictions to every score of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics import fairness
from benchmark.metrics.calibration import expected_calibration_error
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.intervals import bootstrap_interval, bootstrap_weights, pool_small
from benchmark.metrics.partitions import Partition, partitions_of, why_undefined
from benchmark.metrics.performance import (
    auroc,
    brier_losses,
    choose_threshold,
    log_losses,
    predict,
    weighted_mean,
)
from benchmark.metrics.predictions import check_predictions, probability_columns

HEADLINES = (
    "worst_group_accuracy",
    "auroc",
    "accuracy",
    "balanced_accuracy",
    "balanced_accuracy_gap",
    "auroc_gap",
    "equalized_odds_difference",
    "demographic_parity_difference",
    "expected_calibration_error",
    "brier",
    "log_loss",
)


@dataclass(frozen=True)
class _Test:
    """The test rows as arrays, the frozen answers, and weights with a first row of ones."""

    card: TaskCard
    table: pd.DataFrame
    labels: np.ndarray  # (n,) class indices
    probability: np.ndarray  # (n, classes)
    predicted: np.ndarray  # (n,) class indices
    weights: np.ndarray  # (1 + resamples, n)


@dataclass(frozen=True)
class _Measured:
    """The draws of one partition: metrics of each group, accuracy of each cell, gaps."""

    partition: Partition
    by_group: dict[str, np.ndarray]  # metric: (1 + resamples, groups)
    cells: np.ndarray  # (1 + resamples, groups, classes)
    gaps: dict[str, np.ndarray]  # metric: (1 + resamples,)


@dataclass(frozen=True)
class _Entry:
    """A score without its interval yet, and the draws the interval comes from."""

    score: Score
    draws: np.ndarray  # (1 + resamples,)


def score_predictions(
    predictions: pd.DataFrame, card: TaskCard, *, resamples: int = 500, seed: int = 0
) -> tuple[list[Score], float | None]:
    """Score a run from its saved predictions; return its scores and the frozen threshold.

    predictions: image_id, patient_id, split ("val" or "test"), label, the card's attributes,
    and probability_0, ... in the card's order of classes. The threshold is chosen on val, then
    test is scored; it is None for more than two classes, where the most probable class is the
    answer. Raises ValueError with every problem of the table.
    """
    return score_with_draws(predictions, card, resamples=resamples, seed=seed)[:2]


def score_with_draws(
    predictions: pd.DataFrame, card: TaskCard, *, resamples: int = 500, seed: int = 0
) -> tuple[list[Score], float | None, dict[str, np.ndarray]]:
    """Return also the overall metrics as draws, for intervals over seeds and comparisons.

    Each array has shape (1 + resamples,): the value as measured, then one per resample. Runs on
    the same test patients with the same resamples and seed are paired.
    """
    test, threshold = _prepare(predictions, card, resamples, seed)
    entries = list(_entries(test))
    headlines = {
        key.metric: entry.draws
        for entry in entries
        if (key := entry.score.key) == ScoreKey(key.metric) and key.metric in HEADLINES
    }
    return [_with_interval(entry) for entry in entries], threshold, headlines


def _prepare(
    predictions: pd.DataFrame, card: TaskCard, resamples: int, seed: int
) -> tuple[_Test, float | None]:
    check_predictions(predictions, card)
    # Sorted, so that the order in which a runner saved the rows changes no digit.
    ordered = predictions.sort_values("image_id")
    val = ordered[ordered["split"] == "val"]
    table = ordered[ordered["split"] == "test"].reset_index(drop=True)
    threshold = None
    if len(card.classes) == 2:
        positive = val["probability_1"].to_numpy(dtype=np.float64)
        threshold = choose_threshold(card.encode_labels(val), positive)
    labels = card.encode_labels(table)
    probability = table[probability_columns(card)].to_numpy(dtype=np.float64)
    strata = pool_small(card.encode_cells(table)[0], labels)
    rng = np.random.default_rng(seed)
    weights = bootstrap_weights(table["patient_id"].to_numpy(), resamples, rng, strata)
    weights = np.vstack([np.ones((1, len(table))), weights])
    answers = predict(probability, threshold)
    return _Test(card, table, labels, probability, answers, weights), threshold


def _measure(test: _Test, partition: Partition) -> _Measured:
    counts = fairness.confusion(
        test.labels,
        test.predicted,
        partition.groups,
        partition.label_counts.shape,
        test.weights,
    )
    cells = fairness.cell_accuracy(counts)
    by_group = {
        "accuracy": fairness.accuracy(counts),
        "balanced_accuracy": fairness.balanced_accuracy(counts),
        **_from_probabilities(test, partition),
    }
    if len(test.card.classes) == 2:
        by_group["sensitivity"] = cells[:, :, 1]
        by_group["specificity"] = cells[:, :, 0]
        by_group["selection_rate"] = fairness.selection_rates(counts)[:, :, 1]
    gaps = {
        "balanced_accuracy_gap": fairness.gap(by_group["balanced_accuracy"]),
        "auroc_gap": fairness.gap(by_group["auroc"]),
        "equalized_odds_difference": fairness.equalized_odds_difference(counts),
        "demographic_parity_difference": fairness.demographic_parity_difference(counts),
    }
    return _Measured(partition, by_group, cells, gaps)


def _from_probabilities(test: _Test, partition: Partition) -> dict[str, np.ndarray]:
    """Metrics that need each patient's probability, per group: (1 + resamples, groups) each."""
    found: dict[str, list[np.ndarray]] = {}
    for group in range(len(partition.values)):
        rows = partition.groups == group
        labels, probability = test.labels[rows], test.probability[rows]
        weights = test.weights[:, rows]
        values = {
            "auroc": auroc(labels, probability, weights),
            "expected_calibration_error": expected_calibration_error(labels, probability, weights),
            "brier": weighted_mean(brier_losses(labels, probability), weights),
            "log_loss": weighted_mean(log_losses(labels, probability), weights),
        }
        for metric, draws in values.items():
            found.setdefault(metric, []).append(draws)
    return {metric: np.stack(draws, axis=1) for metric, draws in found.items()}


def _entries(test: _Test) -> Iterator[_Entry]:
    """Everything a run is scored on, headline first."""
    partitions = partitions_of(test.card, test.table, test.labels)
    everybody, *divided = [_measure(test, partition) for partition in partitions]
    attributes = divided[: len(test.card.attributes)]
    yield _worst_group(test, attributes)
    yield from _largest_gaps(test, attributes)
    for measured in (everybody, *divided):
        yield from _group_entries(test, measured)
        yield from _cell_entries(test, measured)
    for measured in divided:
        for metric, draws in measured.gaps.items():
            key = ScoreKey(metric, measured.partition.attributes)
            note = _note(test, metric, draws, [measured.partition])
            yield _Entry(Score(key, _value(draws), len(test.table), note=note), draws)


def _worst_group(test: _Test, attributes: Sequence[_Measured]) -> _Entry:
    key = ScoreKey("worst_group_accuracy")
    draws = np.min([m.cells.min(axis=(1, 2)) for m in attributes], axis=0)
    if np.isnan(draws[0]):
        note = _note(test, key.metric, draws, [m.partition for m in attributes])
        return _Entry(Score(key, None, 0, note=note), draws)
    worst = min(attributes, key=lambda m: m.cells[0].min())
    group, label = np.unravel_index(worst.cells[0].argmin(), worst.cells[0].shape)
    note = f"{worst.partition.who(int(group))}, {test.card.classes[label]}"
    n = int(worst.partition.label_counts[group, label])
    return _Entry(Score(key, _value(draws), n, note=note), draws)


def _largest_gaps(test: _Test, attributes: Sequence[_Measured]) -> Iterator[_Entry]:
    """Each gap for the attribute where it is largest."""
    for metric in attributes[0].gaps:
        by_attribute = np.stack([m.gaps[metric] for m in attributes])
        draws = by_attribute.max(axis=0)
        note = _note(test, metric, draws, [m.partition for m in attributes])
        if not note:
            (largest,) = attributes[int(by_attribute[:, 0].argmax())].partition.attributes
            note = f"largest over {largest}"
        yield _Entry(Score(ScoreKey(metric), _value(draws), len(test.table), note=note), draws)


def _group_entries(test: _Test, measured: _Measured) -> Iterator[_Entry]:
    partition = measured.partition
    for metric, by_group in measured.by_group.items():
        for group, values in enumerate(partition.values):
            draws = by_group[:, group]
            counts = partition.label_counts[group]
            score = Score(
                ScoreKey(metric, partition.attributes, values),
                _value(draws),
                int(counts.sum()),
                positives=int(counts[1]) if len(counts) == 2 else None,
                note=_note(test, metric, draws, [partition], group),
            )
            yield _Entry(score, draws)


def _cell_entries(test: _Test, measured: _Measured) -> Iterator[_Entry]:
    partition = measured.partition
    for group, values in enumerate(partition.values):
        for index, label in enumerate(test.card.classes):
            key = ScoreKey("cell_accuracy", partition.attributes, values, label)
            draws = measured.cells[:, group, index]
            n = int(partition.label_counts[group, index])
            note = ""
            if n == 0:
                note = f"undefined for {partition.who(group)}, {label}: no test image"
            yield _Entry(Score(key, _value(draws), n, note=note), draws)


def _note(
    test: _Test,
    metric: str,
    draws: np.ndarray,
    partitions: Sequence[Partition],
    only: int | None = None,
) -> str:
    """Say why a value is undefined; empty where it is not."""
    if not np.isnan(draws[0]):
        return ""
    return why_undefined(metric, test.card.classes, partitions, only)


def _value(draws: np.ndarray) -> float | None:
    return None if np.isnan(draws[0]) else float(draws[0])


def _with_interval(entry: _Entry) -> Score:
    score = entry.score
    interval = bootstrap_interval(entry.draws, METRICS[score.key.metric].limits)
    if interval is not None:
        low, high = interval
        return replace(score, low=low, high=high)
    if score.value is None or len(entry.draws) == 1:
        return score
    lost = "no interval: undefined in too many resamples"
    return replace(score, note=f"{score.note}; {lost}" if score.note else lost)
