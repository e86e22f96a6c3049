"""A split on disk: images.npy and masks.npy, memory-mapped, and tables as parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.api.data import Split


def create_arrays(
    folder: Path, n: int, channels: int, image_size: int
) -> tuple[np.memmap, np.memmap]:
    """Create writable memory-mapped images (float32) and masks (uint8), shape (n, c, s, s)."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = (n, channels, image_size, image_size)
    images = np.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=np.float32, shape=shape
    )
    masks = np.lib.format.open_memmap(folder / "masks.npy", mode="w+", dtype=np.uint8, shape=shape)
    return images, masks


def read_split(folder: Path) -> Split:
    """Read a split; its arrays stay on disk until touched. Pickled arrays are refused."""
    return Split(
        images=np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False),
        masks=np.load(folder / "masks.npy", mmap_mode="r", allow_pickle=False),
        table=pd.read_parquet(folder / "table.parquet"),
    )
