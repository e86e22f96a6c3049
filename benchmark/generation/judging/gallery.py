"""A picture of what a generator draws: mask, generated patient, nearest training patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmark.api.card import TaskCard
from benchmark.api.data import Split
from benchmark.cohorts.picture_grid import picture_grid, strip
from benchmark.cohorts.preview import BACKGROUND, COLOURS, FAINT, INK, grey

TILE, GAP, MARGIN, CAPTION = 64, 4, 16, 150  # pixels
SIDE, HEADING = 48, 26  # pixels for the words "before" and "after", and for a prompt
SHADE = BACKGROUND[1]  # between the tiles
COLOURS_KEPT = 96  # of the picture: greys and the colours of the masks
HEADINGS = ("mask", "generated", "nearest in train")


def draw_gallery(
    asked: Split, nearest: Split, card: TaskCard, path: Path, *, with_masks: bool = True
) -> None:
    """Draw the first patient of every cell of label x attribute value, one row per cell.

    asked: masks, generated images, and the label and attributes asked for; nearest: the training
    patient that each generated one resembles most, in coarse pixels. with_masks=False leaves
    the masks out, for a generator that does not read them.
    """
    headings = HEADINGS if with_masks else HEADINGS[1:]
    cells = [
        (label, attribute.name, value)
        for attribute in card.attributes
        for value in attribute.values
        for label in card.classes
    ]
    tiles = []
    for label, name, value in cells:
        hits = np.flatnonzero((asked.table["label"] == label) & (asked.table[name] == value))
        shown = _patient(asked, nearest, hits[0]) if len(hits) else _empty(card)
        tiles += shown[-len(headings) :]
    grid = picture_grid(tiles, len(headings), GAP, SHADE)
    left, top = MARGIN + CAPTION, MARGIN + 26
    size = (left + grid.width + MARGIN, top + grid.height + MARGIN)
    sheet = Image.new("RGB", size, BACKGROUND)
    sheet.paste(grid, (left - GAP, top - GAP))
    draw = ImageDraw.Draw(sheet)
    for k, heading in enumerate(headings):
        x = left + k * (tiles[0].width + GAP)
        draw.text((x, MARGIN), heading, FAINT, ImageFont.load_default(11))
    for number, (label, _, value) in enumerate(cells):
        y = top + number * (TILE + GAP)
        draw.text((MARGIN, y + 14), label, INK, ImageFont.load_default(13))
        draw.text((MARGIN, y + 34), value, INK, ImageFont.load_default(13))
    sheet.quantize(COLOURS_KEPT).save(path, format="PNG", optimize=True)


def _patient(asked: Split, nearest: Split, row: int) -> list[Image.Image]:
    """Return the tiles of one patient: mask, generated image, nearest training patient."""
    return [_coloured(asked.masks[row]), _strip(asked.images[row]), _strip(nearest.images[row])]


def _empty(card: TaskCard) -> list[Image.Image]:
    """Return the tiles of a cell without patients."""
    return [Image.new("RGB", (TILE * len(card.channels), TILE), BACKGROUND)] * len(HEADINGS)


def draw_before_and_after(
    prompts: Sequence[str], before: np.ndarray | None, after: np.ndarray, path: Path
) -> None:
    """Draw images of neutral prompts, (prompts, patients, channels, size, size) each.

    The first channel of a few patients per prompt, before tuning above and after it below, from
    the same noise; one row where there is no before.
    """
    sides = [("", after)] if before is None else [("before", before), ("after", after)]
    grids = [
        picture_grid(
            [_strip(image[:1]) for _, images in sides for image in images[number]],
            after.shape[1], GAP, SHADE,
        )
        for number in range(len(prompts))
    ]  # fmt: skip
    high = HEADING + grids[0].height - GAP
    size = (2 * MARGIN + SIDE + grids[0].width, 2 * MARGIN + len(prompts) * high)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for number, (prompt, grid) in enumerate(zip(prompts, grids, strict=True)):
        top = MARGIN + number * high
        draw.text((MARGIN, top), prompt, INK, ImageFont.load_default(13))
        sheet.paste(grid, (MARGIN + SIDE - GAP, top + HEADING - 2 * GAP))
        for row, (side, _) in enumerate(sides):
            y = top + HEADING - GAP + row * (TILE + GAP) + TILE // 2 - 8
            draw.text((MARGIN, y), side, FAINT, ImageFont.load_default(11))
    sheet.quantize(COLOURS_KEPT).save(path, format="PNG", optimize=True)


def _strip(image: np.ndarray) -> Image.Image:
    return grey(strip(image)).resize((TILE * len(image), TILE), Image.Resampling.LANCZOS)


def _coloured(mask: np.ndarray) -> Image.Image:
    """Fill every label with its colour, as the contact sheet of the cohort does."""
    palette = np.array([BACKGROUND, *COLOURS], np.uint8)
    picture = Image.fromarray(palette[strip(mask) % len(palette)])
    return picture.resize((TILE * len(mask), TILE), Image.Resampling.NEAREST)
