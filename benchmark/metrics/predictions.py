"""The table of saved predictions: what it must hold before a single score is computed."""

from __future__ import annotations

from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard

SPLITS: tuple[Literal["val"], Literal["test"]] = ("val", "test")  # what must be there
RECRUITED: Literal["recruited"] = "recruited"  # may be: patients drawn as the hospital recruits
SUM_TOLERANCE = 1e-4  # float32 softmax rows are off by less; anything more is no probability
EXAMPLES = 3  # how many offending rows a message names


def probability_columns(card: TaskCard) -> list[str]:
    """Return the names of the probability columns, in the card's order of classes."""
    return [f"probability_{index}" for index in range(len(card.classes))]


def check_predictions(predictions: pd.DataFrame, card: TaskCard) -> None:
    """Refuse a table that cannot be scored, with all that is wrong with it in one ValueError."""
    attributes = {a.name: a.values for a in card.attributes}
    words = {"split": (*SPLITS, RECRUITED), "label": card.classes, **attributes}
    needed = ["image_id", "patient_id", *words, *probability_columns(card)]
    problems = _missing_columns(predictions, needed)
    present = predictions[[name for name in needed if name in predictions]]
    for name, allowed in words.items():
        if name in present:
            problems += _unknown_words(present, name, allowed)
    problems += _identities(present)
    problems += _splits(present)
    if set(probability_columns(card)) <= set(present):
        problems += _probabilities(present, present[probability_columns(card)])
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise ValueError(f"These predictions for {card.name} cannot be scored:\n{listed}")


def _missing_columns(table: pd.DataFrame, needed: list[str]) -> list[str]:
    missing = [name for name in needed if name not in table]
    if not missing:
        return []
    return [f"Missing columns: {', '.join(missing)}. Needed: {', '.join(needed)}."]


def _unknown_words(table: pd.DataFrame, name: str, allowed: tuple[str, ...]) -> list[str]:
    wrong = ~table[name].isin(allowed).to_numpy()
    if not wrong.any():
        return []
    found = ", ".join(sorted({repr(value) for value in table[name][wrong]}))
    return [f"{name} holds {found}{_where(table, wrong)}. Allowed: {', '.join(allowed)}."]


def _identities(table: pd.DataFrame) -> list[str]:
    problems = []
    for name in {"image_id", "patient_id"} & set(table):
        empty = table[name].isna().to_numpy()
        if empty.any():
            problems.append(f"{name} is empty in {empty.sum()} rows{_where(table, empty)}.")
    if "image_id" in table:
        repeated = (table["image_id"].duplicated() & table["image_id"].notna()).to_numpy()
        if repeated.any():
            where = _where(table, repeated)
            problems.append(f"{repeated.sum()} rows repeat an image_id{where}; each image once.")
    return sorted(problems)


def _splits(table: pd.DataFrame) -> list[str]:
    if "split" not in table:
        return []
    problems = [
        f"There are no {split} rows; the decision rule comes from val and the scores from test."
        for split in SPLITS
        if not (table["split"] == split).any()
    ]
    if "patient_id" in table:
        for first, second in combinations((*SPLITS, RECRUITED), 2):
            sides = [
                set(table["patient_id"][table["split"] == s].dropna()) for s in (first, second)
            ]
            both = sorted(map(str, sides[0] & sides[1]))
            if both:
                named = ", ".join(both[:EXAMPLES])
                words = f"{len(both)} patients are in {first} and in {second}"
                problems.append(f"{words}, e.g. {named}.")
    return problems


def _probabilities(table: pd.DataFrame, columns: pd.DataFrame) -> list[str]:
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in columns.dtypes):
        return ["A probability column holds something that is no number."]
    values = columns.to_numpy(dtype=np.float64, na_value=np.nan)
    absent = np.any(np.isnan(values), axis=1)
    outside = np.any((values < 0) | (values > 1), axis=1)
    total = values.sum(axis=1)
    off = ~absent & ~outside & (np.abs(total - 1) > SUM_TOLERANCE)
    problems = []
    if absent.any():
        problems.append(f"{absent.sum()} rows have NaN probabilities{_where(table, absent)}.")
    if outside.any():
        where = _where(table, outside)
        problems.append(f"{outside.sum()} rows have probabilities outside 0 to 1{where}.")
    if off.any():
        worst = total[off][np.abs(total[off] - 1).argmax()]
        problems.append(
            f"{off.sum()} rows have probabilities that do not sum to 1, worst sum {worst:.6g}"
            f"{_where(table, off)}. Allowed: 1 within {SUM_TOLERANCE:g}."
        )
    return problems


def _where(table: pd.DataFrame, rows: np.ndarray) -> str:
    """Name the first offending images, or their row numbers where they have no name."""
    if "image_id" in table:
        names = table["image_id"][rows].head(EXAMPLES).astype(str)
    else:
        names = pd.Series(np.flatnonzero(rows)[:EXAMPLES]).map("row {}".format)
    return f" (e.g. {', '.join(names)})"
