"""Pictures side by side in rows, by torchvision. Importing this file imports torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image
from torchvision.utils import make_grid


def picture_grid(tiles: Sequence[Image.Image], across: int, gap: int, shade: int) -> Image.Image:
    """Lay out tiles of one size in rows of so many, with a gap of one shade (0 to 255) around each.

    The first tile begins gap pixels from the left and from the top.
    """
    stack = torch.stack([pil_to_tensor(tile.convert("RGB")) for tile in tiles])
    return to_pil_image(make_grid(stack, nrow=across, padding=gap, pad_value=shade))


def strip(image: np.ndarray) -> np.ndarray:
    """Put the channels of an image (channels, height, width) side by side, (height, n * width)."""
    return np.concatenate(list(np.asarray(image)), axis=1)
