"""Prompts that name none of the columns whose mix is asked for.

In a table of requests an unsaid word is None; prompts leave out what a row does not hold."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.mix_target import values_of


def neutral_requests(card: TaskCard, columns: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the neutral sentences that may be tuned on, and those held out from tuning.

    Every way to say some of the other words, one row each, None where nothing is said. Held out are
    sentences of two words or more, every other one, so that each of their words is in sentences
    that may be tuned on, too.
    """
    said = ["label", *(a.name for a in card.attributes)]
    words = [(None,) if name in columns else (None, *values_of(card, name)) for name in said]
    rows, held_out = [], []
    for places in itertools.product(*(range(len(w)) for w in words)):
        rows.append([w[place] for w, place in zip(words, places, strict=True)])
        held_out.append(np.count_nonzero(places) > 1 and sum(places) % 2 == 1)
    table = pd.DataFrame(rows, columns=said, dtype=object)
    held = np.array(held_out)
    return table[~held].reset_index(drop=True), table[held].reset_index(drop=True)


def spread(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return n rows, or all: the one that says least, then such that every word is there alike.

    Each row in turn is the one whose words are the furthest behind their share of the whole table.
    Of equals it is the one that says less. Then they are put in order, short sentences first.
    """
    words = table.fillna("").to_numpy(str)  # to say nothing is a word too
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
