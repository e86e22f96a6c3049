"""What images of neutral prompts are worth before and after tuning, so that its cost is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.api.data import Splits
from benchmark.api.mix_target import Target
from benchmark.generation.judging.group_counter import fits, weights_as_in_train
from benchmark.generation.judging.judge import Judge, Reading
from benchmark.metrics.generation.evidence import Evidence, NeutralEvidence, NeutralImages
from benchmark.metrics.generation.measure import Number, errors_of_neutral, measure_neutral


def cost_of_tuning(
    sides: Mapping[str, NeutralImages], target: Target, splits: Splits, real: Reading,
    evidence: Evidence, prompts: pd.DataFrame,
) -> dict[str, Any]:  # fmt: skip
    """Measure the images of every side of a tuning, by the names of the catalogue.

    evidence: real patients to compare with, whatever the mix. "errors": standard errors.
    """
    names = ("label", *(attribute.name for attribute in evidence.card.attributes))
    neutral = NeutralEvidence(
        card=evidence.card,
        reference=evidence.reference,
        other=evidence.other,
        train=evidence.train,
        val=evidence.val,
        rng=evidence.rng,
        test=real.features,
        groups=target.encode(splits.test.table, evidence.card),
        unasked={n: prompts[n].isna().to_numpy() for n in names if n not in target.columns},
        untuned=sides.get("before"),
    )
    found: dict[str, Any] = {n: measure_neutral(neutral, images) for n, images in sides.items()}
    errors = {name: errors_of_neutral(neutral, images) for name, images in sides.items()}
    return {**found, "errors": errors}


def real_clip_score(
    prompts: pd.DataFrame, words: list[str], splits: Splits, judge: Judge
) -> Number:
    """Average the CLIP score of test patients that the prompts fit; None: they fit none.

    Every prompt counts alike, and its patients as often as train has them. words: the prompts.
    """
    test = splits.test
    weights = weights_as_in_train(test, splits.train, judge.ctx.card)
    means = []
    for place, prompt in enumerate(words):
        rows = np.flatnonzero(fits(test.table, prompts.iloc[place]) & (weights > 0))
        if len(rows):
            scores = judge.clip.score(test.images[rows], [prompt] * len(rows))
            means.append(np.average(scores, weights=weights[rows]))
    return float(np.mean(means)) if means else None
