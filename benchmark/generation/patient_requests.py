"""Requests for patients that a split lacks: how many of each cell, with which masks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.api.protocols import Generator
from benchmark.training.sampling_weights import balanced_weights

EVERYWHERE = 0.25  # share of the added patients that is spread over all cells evenly


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


def even_counts(card: TaskCard, total: int) -> np.ndarray:
    """Spread total over all cells as evenly as it allows, (cells,)."""
    return level_counts(np.zeros(len(card.cells()), np.int64), total)


def counts_to_add(train: Split, card: TaskCard, mode: str, ratio: float) -> np.ndarray:
    """Return how many patients to add to each cell, (cells,), ratio times as many as train has.

    even: equally many in every cell. fill: the smallest cells first, as water finds its level
    (ratio 0: all up to the largest), but a quarter of them evenly: if a cell got none, "looks
    added" would mean the other label in its group.
    """
    total, sizes = round(ratio * len(train)), cell_sizes(train, card)
    if mode == "even":
        return even_counts(card, total)
    if ratio == 0:
        total = int(level_counts(sizes).sum())
    everywhere = even_counts(card, round(EVERYWHERE * total))
    return everywhere + level_counts(sizes + everywhere, total - int(everywhere.sum()))


def requests_for(card: TaskCard, per_cell: np.ndarray) -> pd.DataFrame:
    """Ask for patients in words: one row each, label and every attribute, in order of the cells."""
    cells = card.cells()
    return cells.loc[np.repeat(np.arange(len(cells)), per_cell)].reset_index(drop=True)


def recruit_evenly(ctx: RunContext, n: int, *, place: int) -> Split:
    """Make n new patients, spread over all cells as evenly as n allows, for controls.

    place: 0 for the patients to train on, 1 for those to select on. The same seed and place give
    the same patients to every control that asks.
    """
    return ctx.new_patients(balanced_requests(ctx.card, n), 2 * ctx.seed + place)


def balanced_requests(card: TaskCard, n: int) -> pd.DataFrame:
    """Ask for n patients, one cell after the other, so that they are as even as n allows."""
    cells = card.cells()
    return cells.iloc[np.arange(n) % len(cells)].reset_index(drop=True)


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
    """Return how often to draw each image of an enlarged split, (real + added,), summing to 1.

    A share of the draws goes to added images, and within real and added ones every cell counts the
    same, rare ones up to the usual limit. So where every cell has added images, "looks added"
    says nothing about the label.
    """
    real, _ = card.encode_cells(train.table)
    if not len(added):
        return balanced_weights(real)
    new, _ = card.encode_cells(added)
    return np.concatenate([(1 - share) * balanced_weights(real), share * balanced_weights(new)])


def choose_mask_donors(
    requests: pd.DataFrame, split: Split, card: TaskCard, rng: np.random.Generator
) -> np.ndarray:
    """Return for every request the row of a patient of split to take the mask from, (n,).

    Donors have the request's label, and the attributes nearest to its own that a patient of that
    label has; values count by how far apart they are in order. Equally near donors take turns.

    Raises ValueError if no patient of a requested label has a mask.
    """
    with_mask = np.flatnonzero(has_mask(split.masks))
    donors = split.table.iloc[with_mask]
    absent = sorted(set(requests["label"]) - set(donors["label"]))
    if absent:
        raise ValueError(
            f"{card.name}: no patient with label {', '.join(map(repr, absent))} has a mask, so "
            "none can be drawn. Add masks to the cohort, or leave this method out."
        )
    chosen = np.empty(len(requests), dtype=np.int64)
    columns = ["label", *(a.name for a in card.attributes)]
    for _, rows in requests.reset_index(drop=True).groupby(columns, sort=False):
        nearest = nearest_donors(rows.iloc[0], donors, card)
        chosen[rows.index] = np.resize(rng.permutation(nearest), len(rows))
    return with_mask[chosen]


def has_mask(masks: np.ndarray) -> np.ndarray:
    """Return which patients have a mask, (n,) bool: those without one have zeros."""
    parts = [masks[i : i + 256].any((1, 2, 3)) for i in range(0, len(masks), 256)]
    return np.concatenate(parts)


def nearest_donors(request: pd.Series, donors: pd.DataFrame, card: TaskCard) -> np.ndarray:
    """Return the rows of donors of the request's label whose group is nearest, (k,)."""
    same = np.flatnonzero((donors["label"] == request["label"]).to_numpy())
    distance = np.zeros(len(same))
    for attribute in card.attributes:
        place = {value: i for i, value in enumerate(attribute.values)}
        codes = donors[attribute.name].iloc[same].map(place).to_numpy()
        distance += np.abs(codes - place[request[attribute.name]])
    return same[distance == distance.min()]


def ask_for_patients(
    generator: Generator, rows: pd.DataFrame, masks: np.ndarray, seed: int
) -> np.ndarray:
    """Ask a generator for patients and return their images, (n, channels, size, size).

    Raises ValueError that says what is wrong with them.
    """
    drawn = generator.generate(rows, masks, seed)
    name = type(generator).__name__
    try:
        images = np.asarray(drawn, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name}.generate returned {type(drawn).__name__}; it must return an array of images."
        ) from error
    if images.shape != masks.shape:
        raise ValueError(
            f"{name}.generate returned images of shape {images.shape} for masks of shape "
            f"{masks.shape}; the two must be the same."
        )
    wrong = ~np.isfinite(images)
    if wrong.any():
        raise ValueError(f"{name}.generate: {wrong.mean():.1%} of the pixels are not finite.")
    if len(images) and (images.min() < 0 or images.max() > 1):
        raise ValueError(
            f"{name}.generate returned values from {images.min():.3g} to {images.max():.3g}; they "
            "must lie from 0 to 1. From -1 to 1? Return (images + 1) / 2, clipped. From 0 to 255? "
            "Divide by 255."
        )
    return images
