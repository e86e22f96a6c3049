"""An estimate of the mix of groups without counting: from areas of regions in the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.data import Splits
from benchmark.api.mix_target import Target
from benchmark.generation.judging.group_counter import (
    FEWEST,
    effective_number,
    fits,
    weights_as_in_train,
)
from benchmark.generation.judging.judge import Judge, Reading
from benchmark.generation.patient_requests import has_mask
from benchmark.metrics import share_metrics
from benchmark.metrics.generation.image_metrics import morphometry

MEASURED = 50  # images of each prompt whose regions are measured, which costs more than counting
REAL_MIXES = 40  # sets of real patients of the target mix, for the floor


@dataclass(frozen=True)
class Anatomy:
    """Areas of regions in real test patients that prompts fit, and how far each counts."""

    areas: np.ndarray  # (patients, measures)
    weights: np.ndarray  # (patients,), as often as train has them within their group
    fitting: dict[int, list[np.ndarray]]  # rows of every group, by the number of the prompt

    def shares(self, drawn: dict[int, np.ndarray]) -> np.ndarray | None:
        """Return the shares of groups that mean areas of images speak for; drawn: by prompt."""
        if not drawn:
            return None
        known, within, counts = [], [], []
        for place in drawn:
            parts = self.fitting[place]
            means = [np.average(self.areas[p], axis=0, weights=self.weights[p]) for p in parts]
            known.append(np.stack(means))
            within += [self.areas[p] - mean for p, mean in zip(parts, means, strict=True)]
            counts += [self.weights[p] for p in parts]
        weights = np.concatenate(counts)
        spread = np.atleast_2d(np.cov(np.concatenate(within).T, aweights=weights))
        measured = np.stack(list(drawn.values()))
        found = share_metrics.share_by_means(measured, np.stack(known), spread)
        return found if np.isfinite(found).all() else None


def measure_anatomy(
    prompts: pd.DataFrame, target: Target, splits: Splits, real: Reading, judge: Judge
) -> Anatomy | None:
    """Measure the real patients; None if the segmenter has learned nothing.

    Prompts that too few patients of a group fit are left out.
    """
    if not has_mask(splits.train.masks).any():
        return None
    test, card = splits.test, judge.ctx.card
    groups, weights = target.encode(test.table, card), weights_as_in_train(test, splits.train, card)
    fitting = {}
    for place in range(len(prompts)):
        rows = fits(test.table, prompts.iloc[place]) & (weights > 0)
        parts = [np.flatnonzero(rows & (groups == g)) for g in range(len(target.groups))]
        if min(effective_number(weights[part]) for part in parts) >= FEWEST:
            fitting[place] = parts
    return Anatomy(morphometry(real.masks, len(card.mask_labels)), weights, fitting)


def shares_by_anatomy(
    images: np.ndarray, known: Anatomy | None, judge: Judge
) -> list[float] | None:
    """Estimate the shares of the groups, (groups,); None where that cannot be.

    images: (prompts, n, channels, size, size). For every prompt, the mean areas of drawn images are
    compared with those of real test patients that the prompt fits, group by group; all else is
    mixed within a group as in train.
    """
    if known is None:
        return None
    regions = len(judge.ctx.card.mask_labels)
    drawn = {
        place: morphometry(judge.reader.masks(images[place][:MEASURED]), regions).mean(0)
        for place in known.fitting
    }
    found = known.shares(drawn)
    return None if found is None else found.tolist()


def anatomy_floor(known: Anatomy | None, target: Target, rng: np.random.Generator) -> float | None:
    """Return how far from the target real patients of the target mix are estimated to be.

    Total variation, mean over sets that chance puts together. One half of the patients gives the
    sets, the other half the means that they are compared with: the floor is a little too high.
    """
    if known is None or not known.fitting:
        return None
    off = []
    for _ in range(REAL_MIXES):
        first = rng.random(len(known.weights)) < 0.5
        own, others = (_among(known, half) for half in (first, ~first))
        places = [p for p in known.fitting if p in own.fitting and p in others.fitting]
        drawn = {place: _real_mix(own, place, np.array(target.shares), rng) for place in places}
        found = others.shares(drawn)
        if found is not None:
            off.append(share_metrics.total_variation(found, np.array(target.shares)))
    return float(np.mean(off)) if off else None


def _among(known: Anatomy, chosen: np.ndarray) -> Anatomy:
    """Return the anatomy of some of the patients, for prompts that leave two of every group."""
    fitting = {p: [rows[chosen[rows]] for rows in parts] for p, parts in known.fitting.items()}
    enough = {place: parts for place, parts in fitting.items() if min(map(len, parts)) > 1}
    return Anatomy(known.areas, known.weights, enough)


def _real_mix(
    known: Anatomy, place: int, shares: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the mean areas of MEASURED patients that a prompt fits, of a mix drawn by chance."""
    chosen = []
    for rows, n in zip(known.fitting[place], rng.multinomial(MEASURED, shares), strict=True):
        weights = known.weights[rows]
        chosen.append(rng.choice(rows, n, p=weights / weights.sum()))
    return np.asarray(known.areas[np.concatenate(chosen)].mean(0))
