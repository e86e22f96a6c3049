"""From a table of saved predictions to every score of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.catalogue import METRICS, Metric, Patients
from benchmark.metrics.ceiling import NO_CEILING
from benchmark.metrics.decision import (
    Offsets,
    Rule,
    balanced_offsets,
    decide,
    rule_of,
    threshold_of,
)
from benchmark.metrics.intervals import (
    bootstrap_interval,
    bootstrap_weights,
    exact_interval,
    never_varies,
    pool_small,
)
from benchmark.metrics.kinds import kinds_of
from benchmark.metrics.measure import HeldOutRows, Measured, measure, named
from benchmark.metrics.partitions import Partition, partitions_of, why_undefined
from benchmark.metrics.predictions import RECRUITED, check_predictions, probability_columns

RESAMPLES = 500  # of the test patients
BOOTSTRAP_SEED = 20240  # one for all runs: it is what pairs their resamples
NOBODY_RECRUITED = (
    "undefined: these predictions hold nobody as the training hospital recruits. Your own patients "
    "have no such population, and neither have digital runs made before schema 3: do them again."
)


@dataclass(frozen=True)
class _Entry:
    """A score without its interval yet, and the draws the interval comes from."""

    score: Score
    draws: np.ndarray  # (1 + resamples,)


@dataclass(frozen=True)
class Scored:
    """What a run's predictions are worth.

    draws: (1 + resamples,) of every score in keys_with_draws: the value as measured, then one per
    resample, with the precision of float32. Runs on the same test patients with the same
    resamples and seed are paired, also across seeds of the run.
    """

    scores: tuple[Score, ...]
    offsets: Offsets  # of the decision rule, one per class
    draws: dict[ScoreKey, np.ndarray]

    @property
    def threshold(self) -> float | None:
        """The rule's threshold on the positive class; None for more than two classes."""
        return threshold_of(self.offsets)


def score_predictions(
    predictions: pd.DataFrame,
    card: TaskCard,
    *,
    own_threshold: float | None = None,
    ceilings: Mapping[ScoreKey, float] | None = None,
    resamples: int = RESAMPLES,
    seed: int = BOOTSTRAP_SEED,
) -> Scored:
    """Score a run from its saved predictions.

    predictions: image_id, patient_id, split ("val", "test" and perhaps "recruited"), label, the
    card's attributes, and probability_0, ... in the card's order of classes. The decision rule is
    fitted on val, then test is scored. own_threshold: the method's own, on the probability of the
    second of two classes; None: its answer is the most probable class. ceilings: the accuracy that
    can be learnt of each cell, where somebody knows it. Raises ValueError with every problem of the
    table.
    """
    check_predictions(predictions, card)
    # Sorted, so that the order in which a runner saved the rows changes no digit.
    ordered = predictions.sort_values("image_id")
    labels, probability = _arrays(ordered[ordered["split"] == "val"], card)
    offsets = balanced_offsets(labels, probability)
    rules = {"answers": offsets, "own answers": rule_of(own_threshold, len(card.classes))}
    test = _population(ordered, card, "test", rules, resamples, seed)
    entries = list(_entries(replace(test, ceilings=ceilings or {})))
    entries += _recruited_entries(_population(ordered, card, RECRUITED, rules, resamples, seed))
    drawn = {entry.score.key: entry for entry in entries}
    draws = {key: _kept(drawn[key]) for key in keys_with_draws(card)}
    most = int(ordered.groupby("split")["patient_id"].value_counts().max())
    return Scored(tuple(_with_interval(entry, most) for entry in entries), offsets, draws)


def score_keys(card: TaskCard) -> list[ScoreKey]:
    """Return the addresses of all scores of a run, in order: a run that lacks one is stale."""
    divided = [*((a.name,) for a in card.attributes), *card.intersections]
    keys = [ScoreKey(name) for per in ("run", "attribute") for name in named(card, per)]
    for names in ((), *divided):
        groups = card.group_names(names) if names else [()]
        keys += [ScoreKey(name, names, group) for name in named(card, "group") for group in groups]
        keys += [
            ScoreKey(name, names, group, label)
            for name in named(card, "cell")
            for group in groups
            for label in card.classes
        ]
    keys += [ScoreKey(name, names) for names in divided for name in named(card, "attribute")]
    return keys + [ScoreKey(name) for name in named(card, "everybody", RECRUITED)]


def keys_with_draws(card: TaskCard) -> list[ScoreKey]:
    """Return the addresses of the scores whose draws are kept, in the order of score_keys."""

    def kept(key: ScoreKey) -> bool:
        metric = METRICS[key.metric]
        if key == ScoreKey(key.metric):
            return metric.keeps_draws
        one_group = len(key.attributes) == len(key.values) == 1 and key.label is None
        return metric.group_draws and one_group

    return [key for key in score_keys(card) if kept(key)]


def _kept(entry: _Entry) -> np.ndarray:
    """Round the resamples as the file of draws does; the value stays exact."""
    draws = entry.draws.astype(np.float32).astype(np.float64)
    draws[0] = entry.draws[0]
    return draws


def _arrays(table: pd.DataFrame, card: TaskCard) -> tuple[np.ndarray, np.ndarray]:
    """Return labels (n,) and probabilities (n, classes)."""
    probability = table[probability_columns(card)].to_numpy(dtype=np.float64)
    return card.encode_labels(table), probability


def _population(
    ordered: pd.DataFrame,
    card: TaskCard,
    patients: Patients,
    rules: Mapping[str, Rule],
    resamples: int,
    seed: int,
) -> HeldOutRows:
    """Put together the rows of one population; recruited ones are redrawn from all of them."""
    table = ordered[ordered["split"] == patients].reset_index(drop=True)
    labels, probability = _arrays(table, card)
    cells, _ = card.encode_cells(table)
    strata = pool_small(cells, labels) if patients == "test" else None
    rng = np.random.default_rng(seed)
    weights = bootstrap_weights(table["patient_id"].to_numpy(), resamples, rng, strata)
    weights = np.vstack([np.ones((1, len(table))), weights])
    answers = {reads: decide(probability, offsets) for reads, offsets in rules.items()}
    kinds = kinds_of([cells, *answers.values()], weights)
    return HeldOutRows(patients, card, table, labels, probability, answers, kinds, weights)


def _entries(test: HeldOutRows) -> Iterator[_Entry]:
    """Everything a run is scored on in the test population, headline first."""
    partitions = partitions_of(test.card, test.table, test.labels)
    everybody, *divided = [measure(test, partition) for partition in partitions]
    attributes = divided[: len(test.card.attributes)]
    for name in named(test.card, "run"):
        yield _worst_group(name, test, attributes)
    for name in named(test.card, "attribute"):
        yield _worst_attribute(name, test, attributes)
    for measured in (everybody, *divided):
        for name in named(test.card, "group"):
            yield from _group_entries(name, test, measured)
        for name in named(test.card, "cell"):
            yield from _cell_entries(name, test, measured)
    for measured in divided:
        for name in named(test.card, "attribute"):
            draws = measured.draws[name]
            key = ScoreKey(name, measured.partition.attributes)
            note = _note(test, name, draws, [measured.partition])
            yield _Entry(Score(key, _value(draws), len(test.table), note=note), draws)


def _recruited_entries(recruited: HeldOutRows) -> Iterator[_Entry]:
    """The scores over everybody who was recruited; undefined where there is no such population."""
    (everybody, *_) = partitions_of(recruited.card, recruited.table, recruited.labels)
    measured = measure(recruited, everybody)
    for name in named(recruited.card, "everybody", RECRUITED):
        for entry in _group_entries(name, recruited, measured):
            if len(recruited.table) == 0:
                entry = replace(entry, score=replace(entry.score, note=NOBODY_RECRUITED))
            yield entry


def _worst_group(name: str, test: HeldOutRows, attributes: Sequence[Measured]) -> _Entry:
    """The worst group or cell over all attributes; the note names it."""
    worst = min if METRICS[name].better == "higher" else max
    per_attribute = [m.draws[name].reshape(len(test.weights), -1) for m in attributes]
    draws = _worst_of(METRICS[name], np.concatenate(per_attribute, axis=1), axis=1)
    if np.isnan(draws[0]):
        note = _note(test, name, draws, [m.partition for m in attributes])
        return _Entry(Score(ScoreKey(name), None, 0, note=note), draws)
    # The first of equals, in the order of the card.
    places = [(m, place) for m in attributes for place in np.ndindex(m.draws[name].shape[1:])]
    measured, (group, *label) = worst(places, key=lambda p: p[0].draws[name][(0, *p[1])])
    words = [measured.partition.who(group), *(test.card.classes[index] for index in label)]
    n = int(measured.partition.label_counts[(group, *label)].sum())
    return _Entry(Score(ScoreKey(name), _value(draws), n, note=", ".join(words)), draws)


def _worst_attribute(name: str, test: HeldOutRows, attributes: Sequence[Measured]) -> _Entry:
    """The value of the attribute where it is worst; the note names that."""
    by_attribute = np.stack([m.draws[name] for m in attributes])
    draws = _worst_of(METRICS[name], by_attribute, axis=0)
    note = _note(test, name, draws, [m.partition for m in attributes])
    if not note:
        place = by_attribute[:, 0].tolist().index(draws[0])
        (worst,) = attributes[place].partition.attributes
        note = f"{METRICS[name].over} over {worst}"
    return _Entry(Score(ScoreKey(name), _value(draws), len(test.table), note=note), draws)


def _worst_of(metric: Metric, values: np.ndarray, axis: int) -> np.ndarray:
    """Return the worst of several values of a metric; NaN where one is undefined."""
    return values.min(axis=axis) if metric.better == "higher" else values.max(axis=axis)


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
    if METRICS[metric].reads == "below ceiling" and not test.ceilings:
        return NO_CEILING
    return why_undefined(metric, test.card.classes, partitions, only)


def _value(draws: np.ndarray) -> float | None:
    return None if np.isnan(draws[0]) else float(draws[0])


def _with_interval(entry: _Entry, most: int) -> Score:
    """Give a score its interval; most: images of the patient who has most of them."""
    score = entry.score
    lost = "no interval: undefined in too many resamples"
    interval = bootstrap_interval(entry.draws, METRICS[score.key.metric].limits)
    if interval is not None and never_varies(entry.draws):
        # An interval without width would claim to be certain.
        lost = "no interval: all resamples gave the same value"
        interval = _exact(score, most)
    if interval is not None:
        low, high = interval
        return replace(score, low=low, high=high)
    if score.value is None or len(entry.draws) == 1:
        return score
    return replace(score, note=f"{score.note}; {lost}" if score.note else lost)


def _exact(score: Score, most: int) -> tuple[float, float] | None:
    """Return the exact interval of a share of right answers that is 0 or 1; else None.

    Patients are at least the images by those of the patient who has most. A balanced accuracy is
    no surer than its rarer label lets it be. That all cells are right is no share of one cell.
    """
    metric = METRICS[score.key.metric]
    counted = metric.reads in ("answers", "own answers") and metric.per != "attribute"
    if score.value is None or not counted or (metric.per == "run" and score.value == 1):
        return None
    positives = score.positives or 0
    images = {
        "images": score.n,
        "positives": positives,
        "negatives": score.n - positives,
        "every class": score.n if metric.per == "run" else min(positives, score.n - positives),
    }[metric.needs]
    return exact_interval(score.value, -(-images // most))
