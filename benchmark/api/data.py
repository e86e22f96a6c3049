"""A split: images, masks and a table with one row per image; and where images come from."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

IDENTITY_COLUMNS = ("image_id", "patient_id", "label")


@dataclass(frozen=True)
class Split:
    """Images, masks and a table with one row per image.

    images: (n, channels, height, width) float32 in [0, 1], possibly memory-mapped.
    masks: (n, channels, height, width) uint8, possibly memory-mapped.
    table: image_id, patient_id, label, then one column per attribute, all in words.
    A method that does not use groups receives a table without the attribute columns.
    """

    images: np.ndarray
    masks: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: np.ndarray) -> Split:
        """Return the given rows, in that order, copied into memory."""
        return Split(
            self.images[rows], self.masks[rows], self.table.iloc[rows].reset_index(drop=True)
        )


@dataclass(frozen=True)
class Splits:
    """Train, val and test, disjoint by patient, and a fingerprint of their content.

    recruited: a second test population, drawn as the training hospital recruits its patients; None
    where there is none, as in a table cohort. No method sees test or recruited.
    """

    train: Split
    val: Split
    test: Split
    recruited: Split | None = field(default=None, kw_only=True)
    fingerprint: str

    def parts(self) -> dict[str, Split]:
        """Return the splits by name: train, val, test and, where there is one, recruited."""
        named = {"train": self.train, "val": self.val, "test": self.test}
        return named if self.recruited is None else {**named, "recruited": self.recruited}


def default_cache() -> Path:
    """Return the folder for generated cohorts and shared models."""
    base = os.environ.get("EQUIPOISE_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "equipoise"


@dataclass(frozen=True)
class Source:
    """Where images come from: a folder of your own patients, or (folder None) a digital cohort."""

    folder: Path | None = None
    image_size: int = 64  # pixels; images are square
    train: int = 1500  # number of images; the sizes hold for digital cohorts only
    val: int = 500
    test: int = 900  # spread evenly over the cells label x group, rounded up
    recruited: int = 0  # test patients drawn as the training hospital recruits; 0: none
    cache: Path = field(default_factory=default_cache)
