"""Neutral prompts: they name none of the columns whose mix is the target.

In a table of requests a word that the prompt leaves out is None.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.mix_target import values_of


def neutral_requests(card: TaskCard, columns: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the neutral prompts that tuning may use, and those held out from tuning.

    Every way to name some of the other words, one row each, None where a word is left out. Every
    second prompt with two words or more is held out, so that each of its words is also in prompts
    that tuning may use.
    """
    names = ["label", *(a.name for a in card.attributes)]
    words = [(None,) if name in columns else (None, *values_of(card, name)) for name in names]
    rows, held_out = [], []
    for places in itertools.product(*(range(len(w)) for w in words)):
        rows.append([w[place] for w, place in zip(words, places, strict=True)])
        held_out.append(np.count_nonzero(places) > 1 and sum(places) % 2 == 1)
    table = pd.DataFrame(rows, columns=names, dtype=object)
    held = np.array(held_out)
    return table[~held].reset_index(drop=True), table[held].reset_index(drop=True)


def spread(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return n rows, or all: the one that names least, then rows that keep words equally frequent.

    Each row in turn is the one whose words are the furthest behind their share of the whole table;
    of equals, the one that names less. Short prompts come first in the result.
    """
    words = table.fillna("").to_numpy(str)  # to leave a word out counts as a word too
    same = words[:, None] == words[None]  # (rows, rows, columns)
    alike = (same / same.sum(1, keepdims=True)).sum(2)  # rare words count more
    length = table.notna().sum(axis=1).to_numpy()
    left: list[int] = np.argsort(length, kind="stable").tolist()
    chosen: list[int] = []
    while left and len(chosen) < n:
        there = alike[np.ix_(left, chosen)].sum(1)
        chosen.append(left.pop(int(there.argmin())))
    order = sorted(chosen, key=lambda row: (length[row], row))
    return table.iloc[order].reset_index(drop=True)
