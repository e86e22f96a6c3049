"""Which patients to generate: how many of every cell, in the words of the task."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.data import Split
from benchmark.generation.patient_requests import counts_to_add, requests_for


def plan_patients(
    train: Split, card: TaskCard, mode: str, ratio: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Ask for patients, ratio times as many as train has: label and every attribute, in words.

    even and fill: as counts_to_add says. copy: the real joint distribution again. random: labels as
    in train, attributes drawn at random.
    """
    if mode in ("even", "fill"):
        return requests_for(card, counts_to_add(train, card, mode, ratio))
    total = round(ratio * len(train))
    columns = ["label", *(a.name for a in card.attributes)]
    rows = train.table[columns].iloc[rng.integers(len(train), size=total)].reset_index(drop=True)
    if mode == "random":
        for attribute in card.attributes:
            rows[attribute.name] = rng.choice(attribute.values, size=total)
    return rows
