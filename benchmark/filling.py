"""Filling the cells that a training split lacks: how many patients, asked for in which words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.contracts import Split, TaskCard
from benchmark.training import balanced_weights


def level_counts(counts: np.ndarray, total: int | None = None) -> np.ndarray:
    """Return how many to add to each cell, (cells,), so that the smallest ones become level.

    total: how many to add in all, given to the smallest cells first, as water finds its level;
    None: as many as make all cells as large as the largest. Worked example: (5, 1, 0) and a total
    of 5 give (0, 2, 3).
    """
    counts = np.asarray(counts, dtype=np.int64)
    if total is None:
        return counts.max() - counts
    added = np.zeros_like(counts)
    for _ in range(total):
        added[np.argmin(counts + added)] += 1
    return added


def requests_for(card: TaskCard, per_cell: np.ndarray) -> pd.DataFrame:
    """Ask for patients in words: one row each, label and every attribute, in order of the cells."""
    cells = card.cells()
    return cells.loc[np.repeat(np.arange(len(cells)), per_cell)].reset_index(drop=True)


def cell_sizes(split: Split, card: TaskCard) -> np.ndarray:
    """Count the images of every cell, (cells,)."""
    cells, n = card.encode_cells(split.table)
    return np.bincount(cells, minlength=n)


def enlarged(train: Split, images: np.ndarray, masks: np.ndarray, rows: pd.DataFrame) -> Split:
    """Put new patients behind those of train, under ids that no real patient has."""
    names = [f"added-{i:06d}" for i in range(len(rows))]
    new = rows.assign(image_id=names, patient_id=names)[list(train.table)]
    return Split(
        np.concatenate([train.images, images]),
        np.concatenate([train.masks, masks]),
        pd.concat([train.table, new], ignore_index=True),
    )


def draw_weights(train: Split, added: pd.DataFrame, card: TaskCard, share: float) -> np.ndarray:
    """Say how often to draw each image of an enlarged split, (real + added,), summing to 1.

    A share of the draws goes to added images, and within real and added ones every cell counts the
    same (rare real ones up to the usual limit). So in no cell do added images stand for another
    label more often than for this one: "added" tells nothing about the answer.
    """
    real, _ = card.encode_cells(train.table)
    if not len(added):
        return balanced_weights(real)
    new, _ = card.encode_cells(added)
    level = balanced_weights(new, limit=np.inf)
    return np.concatenate([(1 - share) * balanced_weights(real), share * level])
