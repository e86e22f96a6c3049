"""Counts groups in drawn images with several networks, because each errs in its own way.

A network that is right for nine of ten real patients may take the look of drawn images for one
group, and another network for the other (docs/results/choices.md). So several networks count, and
their probabilities are averaged. They are the classifiers of the official judge, where the task has
one. Elsewhere half of them read blocks of pixels, in which the detail that drawn images lack says
nothing. Half learn from train. Where the cohort is digital, the others learn from new patients that
no run has, equally many of every cell, so that no group is rare.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split, Splits
from benchmark.api.mix_target import Target
from benchmark.generation.image_reader import Reader, trained_reader
from benchmark.generation.patient_requests import even_counts, requests_for
from benchmark.metrics import share_metrics

BLOCK = 2  # pixels a side of the blocks
NEW_PATIENTS_SEED = 2**30  # far beyond the seeds of the controls' new patients
FEWEST = 10  # effective number of real patients of a group that a prompt fits, to measure errors on
RELIABLE = 0.5  # of the way from guessing to never being wrong, which all must reach in every group
ALL = "all"  # the name under which the mean of all networks stands beside each


class ReadsGroups(Protocol):
    """Reads label and attributes in images."""

    def probabilities(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return "label" and every attribute: probabilities (n, values), in the card's order."""
        ...


@dataclass(frozen=True)
class GroupCounter:
    """Networks that read groups, by name."""

    readers: Mapping[str, ReadsGroups]

    def read(self, images: np.ndarray, target: Target) -> dict[str, np.ndarray]:
        """Return probabilities of groups, (n, groups): the mean of all, then of every network."""
        found = {
            name: target.probabilities(reader.probabilities(images))
            for name, reader in self.readers.items()
        }
        return {ALL: np.mean(list(found.values()), axis=0), **found}


def trained_group_counter(train: Split, in_detail: Reader, ctx: RunContext) -> GroupCounter:
    """Train the networks that nobody has trained yet; in_detail has learned from train already.

    Those of new patients, as many as train has, are the same for every seed and skew of a task.
    """
    readers = {"blocks": _trained_reader(train, ctx, BLOCK), "detail": in_detail}
    if ctx.draw is not None:
        counts = even_counts(ctx.card, len(train))
        new = ctx.new_patients(requests_for(ctx.card, counts), NEW_PATIENTS_SEED)
        always = dataclasses.replace(ctx, seed=0)
        readers["blocks, new patients"] = _trained_reader(new, always, BLOCK)
        readers["detail, new patients"] = _trained_reader(new, always, 1)
    return GroupCounter(readers)


def _trained_reader(patients: Split, ctx: RunContext, block: int) -> Reader:
    backbone = ctx.classifier.backbone
    purpose = f"juror-{block}"  # decides the random numbers: another name is another network
    return trained_reader(patients, ctx, purpose, backbone, with_masks=False, coarse=block)


@dataclass(frozen=True)
class CountingErrors:
    """How a network errs on real test patients."""

    confusion: np.ndarray  # (prompts, k, g): how often it finds k in fitting patients of g
    right: list[float | None]  # how often it is right for each group, all prompts together
    trusted: bool  # whether its counts mean anything


def measure_errors(
    counter: GroupCounter, prompts: pd.DataFrame, target: Target, splits: Splits, card: TaskCard
) -> dict[str, CountingErrors]:
    """Let every network, and all together, read test patients."""
    test = splits.test
    weights = weights_as_in_train(test, splits.train, card)
    truth = target.encode(test.table, card)
    fitting = [fits(test.table, prompts.iloc[place]) for place in range(len(prompts))]
    found = counter.read(np.asarray(test.images), target)
    n = len(target.groups)
    return {name: compare(p.argmax(1), truth, fitting, weights, n) for name, p in found.items()}


def compare(
    found: np.ndarray, truth: np.ndarray, fitting: list[np.ndarray], weights: np.ndarray, n: int
) -> CountingErrors:
    """Compare which of n groups is found in patients with what is true, prompt by prompt.

    fitting: the patients that each prompt fits, (patients,) bool. Patients count by weights. Where
    these leave too few fitting patients of a group, all count alike; where test has too few as
    well, the group has the errors of all prompts together.
    """
    overall = confusion(found, truth, weights, n)
    by_prompt = np.repeat(overall[None], len(fitting), axis=0)
    for place, fit in enumerate(fitting):
        for g in range(n):
            for some, weigh in ((fit & (weights > 0), weights), (fit, np.ones(len(truth)))):
                if effective_number(weigh[some & (truth == g)]) >= FEWEST:
                    by_prompt[place, :, g] = confusion(found, truth, weigh * some, n)[:, g]
                    break
    right = [float(overall[g, g]) if overall[:, g].any() else None for g in range(n)]
    above_chance = share_metrics.better_than_chance(found == truth, truth)[1]
    return CountingErrors(by_prompt, right, above_chance and is_reliable(overall))


def effective_number(weights: np.ndarray) -> float:
    """Return how many equally weighed patients say as much as these (Kish 1965, section 11.7)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def confusion(found: np.ndarray, truth: np.ndarray, weights: np.ndarray, n: int) -> np.ndarray:
    """Return how often k is found where g is true, (k, g); columns sum to 1, or to 0 if empty."""
    counts = np.zeros((n, n))
    np.add.at(counts, (found, truth), weights)
    return counts / np.maximum(counts.sum(0), 1e-12)


def is_reliable(confusion: np.ndarray) -> bool:
    """Return whether every group is found half of the way from guessing to always right; (k, g).

    A counter that hardly beats guessing counts half and half whatever is drawn.
    """
    right, guessing = np.diag(confusion), 1 / len(confusion)
    return bool((right >= guessing + RELIABLE * (1 - guessing)).all())


def weights_as_in_train(test: Split, train: Split, card: TaskCard) -> np.ndarray:
    """Return a weight for every test patient, (n,), under which cells are as large as in train.

    What a prompt leaves open is drawn as train has it: women with a small brain, say, if most women
    in train have one. Compared with women of all brain sizes alike, the brains of an untuned
    generator would count as evidence of sex. Cells that train lacks weigh nothing.
    """
    cells, known = card.encode_cells(test.table)[0], card.encode_cells(train.table)[0]
    size = 1 + max(cells.max(), known.max())
    shares = np.bincount(known, minlength=size) / len(known)
    return shares[cells] / np.bincount(cells, minlength=size)[cells]


def fits(table: pd.DataFrame, prompt: pd.Series[Any]) -> np.ndarray:
    """Return which patients a prompt fits: nothing that it names is wrong, (n,) bool."""
    true = np.ones(len(table), bool)
    for name, word in prompt.items():
        if not pd.isna(word):
            true &= (table[str(name)] == word).to_numpy()
    return true
