"""A picture of what a generator draws: mask, generated patient, nearest training patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmark.cohorts.preview import BACKGROUND, COLOURS, FAINT, INK, grey
from benchmark.contracts import Split, TaskCard

TILE, GAP, MARGIN, CAPTION = 64, 4, 16, 150  # pixels
PATIENTS = 1  # per cell
COLOURS_KEPT = 96  # of the picture: greys and the colours of the masks
HEADINGS = ("mask", "generated", "nearest in train")


def draw_gallery(asked: Split, nearest: Split, card: TaskCard, path: Path) -> None:
    """Draw the first patients of every cell of label x attribute value, one row per cell.

    asked: masks, generated images, and whom they were to show; nearest: the training patient that
    each generated one resembles most, in the judge's features.
    """
    rows = [
        (label, attribute.name, value)
        for attribute in card.attributes
        for value in attribute.values
        for label in card.classes
    ]
    wide = len(card.channels) * TILE
    width = 2 * MARGIN + CAPTION + PATIENTS * (3 * (wide + GAP) + 2 * GAP)
    top = MARGIN + 26
    sheet = Image.new("RGB", (width, top + len(rows) * (TILE + GAP) + MARGIN), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for place in range(PATIENTS):
        for k, heading in enumerate(HEADINGS):
            x = MARGIN + CAPTION + place * (3 * (wide + GAP) + 2 * GAP) + k * (wide + GAP)
            draw.text((x, MARGIN), heading, FAINT, ImageFont.load_default(11))
    for number, (label, name, value) in enumerate(rows):
        y = top + number * (TILE + GAP)
        draw.text((MARGIN, y + 14), label, INK, ImageFont.load_default(13))
        draw.text((MARGIN, y + 34), value, INK, ImageFont.load_default(13))
        hits = (asked.table["label"] == label) & (asked.table[name] == value)
        for place, row in enumerate(np.flatnonzero(hits)[:PATIENTS]):
            x = MARGIN + CAPTION + place * (3 * (wide + GAP) + 2 * GAP)
            tiles = (
                _coloured(asked.masks[row]),
                _strip(asked.images[row]),
                _strip(nearest.images[row]),
            )
            for k, tile in enumerate(tiles):
                sheet.paste(tile, (x + k * (wide + GAP), y))
    sheet.quantize(COLOURS_KEPT).save(path, format="PNG", optimize=True)


def _strip(image: np.ndarray) -> Image.Image:
    joined = grey(np.concatenate(list(np.asarray(image)), axis=1)).convert("RGB")
    return joined.resize((TILE * len(image), TILE), Image.Resampling.LANCZOS)


def _coloured(mask: np.ndarray) -> Image.Image:
    """Fill every label with its colour, as the contact sheet of the cohort does."""
    palette = np.array([BACKGROUND, *COLOURS], np.uint8)
    joined = np.concatenate(list(np.asarray(mask)), axis=1)
    picture = Image.fromarray(palette[joined % len(palette)])
    return picture.resize((TILE * len(mask), TILE), Image.Resampling.NEAREST)
