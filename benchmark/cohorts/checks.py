"""What must hold for every cohort, digital or of a hospital, before a method sees it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.data import Split, Splits
from benchmark.support.words import counted

MOST_LINES = 50
BLOCK = 256  # images looked at together, so that a memory-mapped cohort is never loaded whole
NAMES = ("train", "val", "test")  # what every cohort has


class CohortError(ValueError):
    """A cohort that cannot be used, with everything that is wrong with it."""

    def __init__(self, where: str | Path, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        count = counted(len(problems), "problem")
        lines = [f"{where}: {count}; nothing was used.", *problems[:MOST_LINES]]
        if len(problems) > MOST_LINES:
            lines.append(f"... and {len(problems) - MOST_LINES} more.")
        super().__init__("\n  ".join(lines))


def check_splits(splits: Splits, card: TaskCard) -> None:
    """Raise CohortError with every broken rule; rows are counted from 0 within their split."""
    parts = splits.parts()
    problems = [
        problem
        for name, split in parts.items()
        for problem in [*_table_problems(name, split, card), *_array_problems(name, split, card)]
    ]
    problems += _overlap_problems(parts, "patient_id", "A patient may be in one split only.")
    problems += _overlap_problems(parts, "image_id", "Image ids must be unique.")
    problems += _class_problems(parts["train"].table, card)
    if problems:
        raise CohortError(card.name, problems)


def cell_counts(splits: Splits, card: TaskCard) -> pd.DataFrame:
    """Count images per split and cell: columns split, label, the attributes, n; zeros included."""
    names = ["label", *(a.name for a in card.attributes)]
    values = [card.classes, *(a.values for a in card.attributes)]
    cells = list(itertools.product(*values))
    tables = []
    for name, split in splits.parts().items():
        index, n_cells = card.encode_cells(split.table)
        counts = pd.DataFrame(cells, columns=names)
        counts.insert(0, "split", name)
        counts["n"] = np.bincount(index, minlength=n_cells)
        tables.append(counts)
    return pd.concat(tables, ignore_index=True)


def _table_problems(name: str, split: Split, card: TaskCard) -> list[str]:
    allowed = {"label": card.classes, **{a.name: a.values for a in card.attributes}}
    missing = [c for c in ("image_id", "patient_id", *allowed) if c not in split.table]
    problems = [f"{name} has no column {column!r}." for column in missing]
    if not len(split):
        problems.append(f"{name} is empty. Every split needs patients.")
    for column in (c for c in allowed if c not in missing):
        words = split.table[column].reset_index(drop=True)
        wrong = words[~words.isin(allowed[column])].astype(str)
        problems += [
            f"{name}: {column} is {value!r} in {len(rows)} rows, the first is row {rows[0]}. "
            f"Allowed: {', '.join(allowed[column])}."
            for value, rows in wrong.groupby(wrong).groups.items()
        ]
    return problems


def _array_problems(name: str, split: Split, card: TaskCard) -> list[str]:
    images, masks = split.images, split.masks
    problems = []
    for what, array, dtype in (("images", images, np.float32), ("masks", masks, np.uint8)):
        if array.dtype != dtype:
            problems.append(f"{name}: {what} are {array.dtype}; {np.dtype(dtype)} is needed.")
        shape, wanted = array.shape, (len(split), len(card.channels))
        if array.ndim != 4 or shape[:2] != wanted or shape[2] != shape[3]:
            problems.append(
                f"{name}: {what} have shape {shape}; needed: {wanted[0]} (rows of the table) x "
                f"{wanted[1]} ({', '.join(card.channels)}) x size x size."
            )
    if images.shape != masks.shape:
        problems.append(f"{name}: images are {images.shape} but masks are {masks.shape}.")
    return problems or [*_value_problems(name, split, card)]


def _value_problems(name: str, split: Split, card: TaskCard) -> list[str]:
    bad_images: list[int] = []
    bad_masks: list[int] = []
    for start in range(0, len(split), BLOCK):
        images = np.asarray(split.images[start : start + BLOCK])
        masks = np.asarray(split.masks[start : start + BLOCK])
        block = images.reshape(len(masks), -1)
        fine = (block >= 0).all(axis=1) & (block <= 1).all(axis=1)  # NaN fails both
        bad_images += (start + np.flatnonzero(~fine)).tolist()
        over = masks.reshape(len(masks), -1).max(axis=1) > len(card.mask_labels)
        bad_masks += (start + np.flatnonzero(over)).tolist()
    problems = []
    if bad_images:
        problems.append(
            f"{name}: {len(bad_images)} images hold NaN or values outside 0 to 1: "
            f"rows {_some(bad_images)}."
        )
    if bad_masks:
        meanings = ", ".join(f"{i} {m}" for i, m in enumerate(("background", *card.mask_labels)))
        problems.append(
            f"{name}: {len(bad_masks)} masks hold other values: rows {_some(bad_masks)}. "
            f"Allowed: {meanings}."
        )
    return problems


def _some(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:5])) + (", ..." if len(rows) > 5 else "")


def _overlap_problems(parts: dict[str, Split], column: str, rule: str) -> list[str]:
    """Name each patient in two splits, or each image id used twice, with its first two rows."""
    tables = [
        pd.DataFrame({"id": p.table[column].astype(str), "split": n, "row": np.arange(len(p))})
        for n, p in parts.items()
        if column in p.table
    ]
    if not tables:
        return []
    rows = pd.concat(tables, ignore_index=True)
    if column == "patient_id":
        rows = rows.drop_duplicates(["id", "split"])
    rows = rows[rows.duplicated("id", keep=False)]
    what = column.removesuffix("_id")
    problems = []
    for identity, same in rows.groupby("id", sort=False):
        first, second = same.iloc[0], same.iloc[1]
        problems.append(
            f"{what} {identity} is in {first['split']} (row {first['row']}) and in "
            f"{second['split']} (row {second['row']}). {rule}"
        )
    return problems


def _class_problems(train: pd.DataFrame, card: TaskCard) -> list[str]:
    if "label" not in train or not len(train):
        return []
    absent = [label for label in card.classes if not (train["label"] == label).any()]
    return [f"train has no image of {label!r}: it cannot be learned." for label in absent]
