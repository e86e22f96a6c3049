"""Write any cohort as a folder that load_table_cohort reads: an example for your own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmark.api.card import TaskCard
from benchmark.api.data import IDENTITY_COLUMNS, Split, Splits
from benchmark.cohorts.checks import NAMES
from benchmark.support.progress import track

FULL = 65535  # a 16-bit grey picture holds [0, 1] in steps of 1 / 65535


def export_cohort(splits: Splits, card: TaskCard, folder: Path) -> None:
    """Write participants.tsv and one 16-bit PNG and one mask PNG per channel.

    Read back at the same image size, images agree to within 1 / 131070 and all else exactly.
    A folder that holds anything is refused; a half-written one is never left behind.
    """
    refuse_full(folder)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for kind in ("images", "masks"):
        (partial / kind).mkdir(parents=True)
    tables = [_export_split(getattr(splits, name), name, card, partial) for name in NAMES]
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(partial / "participants.tsv", sep="\t", index=False)
    if folder.exists():
        folder.rmdir()
    os.replace(partial, folder)


def refuse_full(folder: Path) -> None:
    """Raise FileExistsError if there is a file of that name, or a folder that holds anything."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is not empty. Name a new folder, or empty this one.")


def _export_split(split: Split, name: str, card: TaskCard, folder: Path) -> pd.DataFrame:
    """Write a split's pictures and return its rows of participants.tsv."""
    table = split.table[[*IDENTITY_COLUMNS, *(a.name for a in card.attributes)]].copy()
    table["split"] = name
    table["intensity"] = "unit"
    for row in track(range(len(split)), f"Writing {name}", len(split)):
        for channel in range(len(card.channels)):
            image, mask = split.images[row, channel], split.masks[row, channel]
            file = f"{name}_{row:05d}_{channel + 1}.png"
            whole = np.rint(image * FULL).astype(np.uint16)
            Image.fromarray(whole).save(folder / "images" / file)
            Image.fromarray(np.asarray(mask)).save(folder / "masks" / file)
    for kind, prefix in (("images", "image"), ("masks", "mask")):
        for channel in range(1, len(card.channels) + 1):
            table[f"{prefix}_{channel}"] = [
                f"{kind}/{name}_{row:05d}_{channel}.png" for row in range(len(split))
            ]
    return table
