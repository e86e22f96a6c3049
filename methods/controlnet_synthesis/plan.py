"""Whom to generate: how many patients of every cell, in the words of the task."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.contracts import Split, TaskCard
from benchmark.filling import cell_sizes, even_counts, level_counts, requests_for

MODES = ("even", "fill", "copy", "random")


def plan_patients(
    train: Split, card: TaskCard, mode: str, ratio: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Ask for patients, ratio times as many as train has: label and every attribute, in words.

    even: equally many in every cell. fill: the smallest cells first, until all are level; ratio 0
    levels them completely. copy: the real joint distribution again. random: labels as in train,
    attributes drawn at random.
    """
    total, sizes = round(ratio * len(train)), cell_sizes(train, card)
    if mode == "fill":
        return requests_for(card, level_counts(sizes, total or None))
    if mode == "even":
        return requests_for(card, even_counts(card, total))
    columns = ["label", *(a.name for a in card.attributes)]
    rows = train.table[columns].iloc[rng.integers(len(train), size=total)].reset_index(drop=True)
    if mode == "random":
        for attribute in card.attributes:
            rows[attribute.name] = rng.choice(attribute.values, size=total)
    return rows
