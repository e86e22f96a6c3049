"""Masks for patients who do not exist: those of real ones of the same label, a little deformed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from benchmark.contracts import TaskCard

BEND = 0.02  # largest shift of the deformation, as a share of the image
STRETCH = 0.03  # largest change of size


def choose_owners(
    requests: pd.DataFrame, owners: pd.DataFrame, card: TaskCard, rng: np.random.Generator
) -> np.ndarray:
    """Return for every request the row of a real patient to take the mask from, (n,).

    Owners have the request's label and as many of its attributes as anybody of that label has,
    ordered values counting by how far apart they are. Equally near ones take turns.

    Raises ValueError if no patient of a label that is asked for has a mask.
    """
    absent = sorted(set(requests["label"]) - set(owners["label"]))
    if absent:
        raise ValueError(
            f"{card.name}: no patient with label {', '.join(map(repr, absent))} has a mask, so "
            "none can be drawn. Add masks to the cohort, or leave this method out."
        )
    chosen = np.empty(len(requests), dtype=np.int64)
    columns = ["label", *(a.name for a in card.attributes)]
    for _, rows in requests.reset_index(drop=True).groupby(columns, sort=False):
        nearest = nearest_owners(rows.iloc[0], owners, card)
        chosen[rows.index] = np.resize(rng.permutation(nearest), len(rows))
    return chosen


def nearest_owners(request: pd.Series, owners: pd.DataFrame, card: TaskCard) -> np.ndarray:
    """Return the rows of owners of the request's label whose group is nearest, (k,)."""
    same = np.flatnonzero((owners["label"] == request["label"]).to_numpy())
    distance = np.zeros(len(same))
    for attribute in card.attributes:
        place = {value: i for i, value in enumerate(attribute.values)}
        codes = owners[attribute.name].iloc[same].map(place).to_numpy()
        distance += np.abs(codes - place[request[attribute.name]])
    return same[distance == distance.min()]


def deform(masks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Bend and stretch masks (n, channels, size, size) a little, each its own way.

    All channels of a patient alike, so that what lies between them, such as the ejection fraction,
    hardly changes. Nearest neighbours keep labels whole.
    """
    n, _, size, _ = masks.shape
    coarse = torch.from_numpy(rng.uniform(-1, 1, (n, 2, 4, 4)).astype(np.float32)) * 2 * BEND
    bend = functional.interpolate(coarse, size, mode="bicubic", align_corners=False)
    stretch = torch.from_numpy(1 + rng.uniform(-STRETCH, STRETCH, (n, 2)).astype(np.float32))
    affine = torch.zeros(n, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1] = stretch[:, 0], stretch[:, 1]
    grid = functional.affine_grid(affine, [n, 1, size, size], align_corners=False)
    grid = grid + bend.permute(0, 2, 3, 1)
    moved = functional.grid_sample(
        torch.from_numpy(masks.astype(np.float32)), grid, mode="nearest", align_corners=False
    )
    return moved.numpy().astype(np.uint8)
