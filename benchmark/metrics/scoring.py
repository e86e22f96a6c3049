"""From a table of saved predictions to every score of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.catalogue import METRICS, Metric, Per
from benchmark.metrics.intervals import bootstrap_interval, bootstrap_weights, pool_small
from benchmark.metrics.measure import HeldOutRows, Measured, measure
from benchmark.metrics.partitions import Partition, partitions_of, why_undefined
from benchmark.metrics.performance import choose_threshold, predict
from benchmark.metrics.predictions import check_predictions, probability_columns

RESAMPLES = 500  # of the test patients
BOOTSTRAP_SEED = 20240  # one for all runs: it is what pairs their resamples


@dataclass(frozen=True)
class _Entry:
    """A score without its interval yet, and the draws the interval comes from."""

    score: Score
    draws: np.ndarray  # (1 + resamples,)


@dataclass(frozen=True)
class Scored:
    """What a run's predictions are worth.

    draws: each overall metric, (1 + resamples,): the value as measured, then one per resample.
    Runs on the same test patients with the same resamples and seed are paired.
    """

    scores: tuple[Score, ...]
    threshold: float | None  # None: the most probable class is the answer
    draws: dict[str, np.ndarray]


def score_predictions(
    predictions: pd.DataFrame,
    card: TaskCard,
    *,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
) -> Scored:
    """Score a run from its saved predictions.

    predictions: image_id, patient_id, split ("val" or "test"), label, the card's attributes,
    and probability_0, ... in the card's order of classes. The threshold is chosen on val, then
    test is scored; it is None for more than two classes. Raises ValueError with every problem of
    the table.
    """
    test, threshold = _prepare(predictions, card, resamples, seed)
    entries = list(_entries(test))
    kept = keys_with_draws(card)
    draws = {e.score.key.metric: e.draws for e in entries if e.score.key in kept}
    return Scored(tuple(_with_interval(entry) for entry in entries), threshold, draws)


def score_keys(card: TaskCard) -> list[ScoreKey]:
    """Return the addresses of all scores of a run, in order: a run that lacks one is stale."""

    def named(per: Per) -> list[str]:
        return list(_named(per, card))

    divided = [*((a.name,) for a in card.attributes), *card.intersections]
    keys = [ScoreKey(name) for name in (*named("run"), *named("attribute"))]
    for names in ((), *divided):
        groups = card.group_names(names) if names else [()]
        keys += [ScoreKey(name, names, group) for name in named("group") for group in groups]
        keys += [
            ScoreKey(name, names, group, label)
            for name in named("cell")
            for group in groups
            for label in card.classes
        ]
    return keys + [ScoreKey(name, names) for names in divided for name in named("attribute")]


def keys_with_draws(card: TaskCard) -> set[ScoreKey]:
    """Return the addresses of the overall scores whose draws are kept."""
    overall = {key for key in score_keys(card) if key == ScoreKey(key.metric)}
    return {key for key in overall if METRICS[key.metric].keeps_draws}


def _prepare(
    predictions: pd.DataFrame, card: TaskCard, resamples: int, seed: int
) -> tuple[HeldOutRows, float | None]:
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
    return HeldOutRows(card, table, labels, probability, answers, weights), threshold


def _entries(test: HeldOutRows) -> Iterator[_Entry]:
    """Everything a run is scored on, headline first."""
    partitions = partitions_of(test.card, test.table, test.labels)
    everybody, *divided = [measure(test, partition) for partition in partitions]
    attributes = divided[: len(test.card.attributes)]
    for name in _named("run", test.card):
        yield _worst_cell(name, test, attributes)
    for name in _named("attribute", test.card):
        yield _worst_attribute(name, test, attributes)
    for measured in (everybody, *divided):
        for name in _named("group", test.card):
            yield from _group_entries(name, test, measured)
        for name in _named("cell", test.card):
            yield from _cell_entries(name, test, measured)
    for measured in divided:
        for name in _named("attribute", test.card):
            draws = measured.draws[name]
            key = ScoreKey(name, measured.partition.attributes)
            note = _note(test, name, draws, [measured.partition])
            yield _Entry(Score(key, _value(draws), len(test.table), note=note), draws)


def _named(per: Per, card: TaskCard) -> dict[str, Metric]:
    """Return the metrics of a kind that exist for as many classes as the card has."""
    binary = len(card.classes) == 2
    return {
        name: metric
        for name, metric in METRICS.items()
        if metric.per == per and (binary or not metric.two_classes)
    }


def _worst_cell(name: str, test: HeldOutRows, attributes: Sequence[Measured]) -> _Entry:
    """The lowest cell over all attributes; the note names it."""
    key, cells = ScoreKey(name), METRICS[name].reads
    draws = np.min([m.draws[name] for m in attributes], axis=0)
    if np.isnan(draws[0]):
        note = _note(test, name, draws, [m.partition for m in attributes])
        return _Entry(Score(key, None, 0, note=note), draws)
    worst = min(attributes, key=lambda m: m.draws[cells][0].min())
    lowest = worst.draws[cells][0]
    group, label = np.unravel_index(lowest.argmin(), lowest.shape)
    note = f"{worst.partition.who(int(group))}, {test.card.classes[label]}"
    n = int(worst.partition.label_counts[group, label])
    return _Entry(Score(key, _value(draws), n, note=note), draws)


def _worst_attribute(name: str, test: HeldOutRows, attributes: Sequence[Measured]) -> _Entry:
    """The value of the attribute where it is worst; the note names that."""
    higher = METRICS[name].better == "higher"
    by_attribute = np.stack([m.draws[name] for m in attributes])
    draws = by_attribute.min(axis=0) if higher else by_attribute.max(axis=0)
    note = _note(test, name, draws, [m.partition for m in attributes])
    if not note:
        values = by_attribute[:, 0]
        place = int(values.argmin() if higher else values.argmax())
        (worst,) = attributes[place].partition.attributes
        note = f"{METRICS[name].over} over {worst}"
    return _Entry(Score(ScoreKey(name), _value(draws), len(test.table), note=note), draws)


def _group_entries(name: str, test: HeldOutRows, measured: Measured) -> Iterator[_Entry]:
    partition = measured.partition
    for group, values in enumerate(partition.values):
        draws = measured.draws[name][:, group]
        counts = partition.label_counts[group]
        score = Score(
            ScoreKey(name, partition.attributes, values),
            _value(draws),
            int(counts.sum()),
            positives=int(counts[1]) if len(counts) == 2 else None,
            note=_note(test, name, draws, [partition], group),
        )
        yield _Entry(score, draws)


def _cell_entries(name: str, test: HeldOutRows, measured: Measured) -> Iterator[_Entry]:
    partition = measured.partition
    for group, values in enumerate(partition.values):
        for index, label in enumerate(test.card.classes):
            key = ScoreKey(name, partition.attributes, values, label)
            draws = measured.draws[name][:, group, index]
            n = int(partition.label_counts[group, index])
            note = ""
            if n == 0:
                note = f"undefined for {partition.who(group)}, {label}: no test image"
            yield _Entry(Score(key, _value(draws), n, note=note), draws)


def _note(
    test: HeldOutRows,
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
