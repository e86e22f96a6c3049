"""The jury that counts groups in drawn images: several networks, because each has eyes of its own.

One network that is right for nine of ten real patients may take the look of drawn images for a
group, and another one for the other (docs/methods.md has by how much). So several count, and their
probabilities are averaged. Half of them read blocks of pixels, in which the detail that drawn
images lack says nothing. Half have learned from train, and where the cohort is digital the others
from new patients whom no run has, as many of every cell: who is rare in train is not rare there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
SEED_OF_THEM = 2**30  # far beyond what the controls' draws come to
FEWEST = 10  # real patients of a group whom a sentence fits, in effect, to measure errors on
SURE = 0.5  # of the way from guessing to never being wrong, which the jury goes for every group
TOGETHER = "all"  # the name under which the mean of all stands beside each


@dataclass(frozen=True)
class Jury:
    """Networks that read groups, by name."""

    jurors: Mapping[str, Reader]

    def read(self, images: np.ndarray, target: Target) -> dict[str, np.ndarray]:
        """Return probabilities of groups, (n, groups): of every juror, and of all together."""
        found = {
            name: target.probabilities(juror.probabilities(images))
            for name, juror in self.jurors.items()
        }
        return {TOGETHER: np.mean(list(found.values()), axis=0), **found}


def trained_jury(train: Split, in_detail: Reader, ctx: RunContext) -> Jury:
    """Train the jurors that nobody has trained yet; in_detail has learned from train already.

    Those of new patients, as many as train has, are the same for every seed and skew of a task.
    """
    jurors = {"blocks": _juror(train, ctx, BLOCK), "detail": in_detail}
    if ctx.draw is not None:
        counts = even_counts(ctx.card, len(train))
        new = ctx.new_patients(requests_for(ctx.card, counts), SEED_OF_THEM)
        always = dataclasses.replace(ctx, seed=0)
        jurors["blocks, new patients"] = _juror(new, always, BLOCK)
        jurors["detail, new patients"] = _juror(new, always, 1)
    return Jury(jurors)


def _juror(patients: Split, ctx: RunContext, block: int) -> Reader:
    backbone = ctx.classifier.backbone
    purpose = f"juror-{block}"  # each has first weights and batches of its own
    return trained_reader(patients, ctx, purpose, backbone, with_masks=False, coarse=block)


@dataclass(frozen=True)
class Errors:
    """How jurors err on real test patients."""

    said: np.ndarray  # (sentences, k, g): how often it says k of a patient of g whom one fits
    right: list[float | None]  # how often it is right for each group, of all sentences together
    trusted: bool  # whether its counts say anything


def errors_of(
    jury: Jury, sentences: pd.DataFrame, target: Target, splits: Splits, card: TaskCard
) -> dict[str, Errors]:
    """Let every juror, and all together, read test patients."""
    test = splits.test
    weights = as_in_train(test, splits.train, card)
    truth = target.encode(test.table, card)
    whom = [fits(test.table, sentences.iloc[place]) for place in range(len(sentences))]
    found = jury.read(np.asarray(test.images), target)
    n = len(target.groups)
    return {who: _erring(p.argmax(1), truth, whom, weights, n) for who, p in found.items()}


def _erring(
    found: np.ndarray, truth: np.ndarray, whom: list[np.ndarray], weights: np.ndarray, n: int
) -> Errors:
    """Compare which of n groups is found in patients with what is true, sentence by sentence.

    Other things are mixed as weights have them. A group that these leave too few of for a sentence
    is taken as test has it, and as all sentences together have it where test has too few as well.
    """
    together = confusion(found, truth, weights, n)
    said = np.repeat(together[None], len(whom), axis=0)
    for place, fit in enumerate(whom):
        for g in range(n):
            for some, weigh in ((fit & (weights > 0), weights), (fit, np.ones(len(truth)))):
                if effective_number(weigh[some & (truth == g)]) >= FEWEST:
                    said[place, :, g] = confusion(found, truth, weigh * some, n)[:, g]
                    break
    right = [float(together[g, g]) if together[:, g].any() else None for g in range(n)]
    above_chance = share_metrics.better_than_chance(found == truth, truth)[1]
    return Errors(said, right, above_chance and tells_groups(together))


def effective_number(weights: np.ndarray) -> float:
    """Return how many equally weighed patients say as much as these (Kish 1965, section 11.7)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def confusion(found: np.ndarray, truth: np.ndarray, weights: np.ndarray, n: int) -> np.ndarray:
    """Return how often k is found of whom g is true, (k, g); columns sum to 1, or to 0: nobody."""
    said = np.zeros((n, n))
    np.add.at(said, (found, truth), weights)
    return said / np.maximum(said.sum(0), 1e-12)


def tells_groups(said: np.ndarray) -> bool:
    """Say whether a jury tells every group, (k, g): nearer to always right than to guessing.

    One that is hardly better than guessing counts half and half whoever is drawn.
    """
    right, guessing = np.diag(said), 1 / len(said)
    return bool((right >= guessing + SURE * (1 - guessing)).all())


def as_in_train(test: Split, train: Split, card: TaskCard) -> np.ndarray:
    """Return a weight for every test patient, (n,), under which cells are as large as in train.

    Who is not described by a sentence is drawn as train has them: women with a small brain, say,
    if most women in train have one. A judge that compares with women of all brains alike takes the
    brains of an untuned generator for evidence of sex. Cells that train lacks weigh nothing.
    """
    cells, known = card.encode_cells(test.table)[0], card.encode_cells(train.table)[0]
    size = 1 + max(cells.max(), known.max())
    shares = np.bincount(known, minlength=size) / len(known)
    return shares[cells] / np.bincount(cells, minlength=size)[cells]


def fits(table: pd.DataFrame, sentence: pd.Series[Any]) -> np.ndarray:
    """Say of whom a sentence says nothing wrong, (n,) bool."""
    true = np.ones(len(table), bool)
    for name, word in sentence.items():
        if not pd.isna(word):
            true &= (table[str(name)] == word).to_numpy()
    return true
