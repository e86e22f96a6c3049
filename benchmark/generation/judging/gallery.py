"""A picture of what a generator draws: mask, generated patient, nearest training patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmark.api.card import TaskCard
from benchmark.api.data import Split
from benchmark.cohorts.preview import BACKGROUND, COLOURS, FAINT, INK, grey

TILE, GAP, MARGIN, CAPTION = 64, 4, 16, 150  # pixels
SIDE, HEADING = 48, 26  # pixels for the words "before" and "after", and for a prompt
PATIENTS = 1  # per cell
COLOURS_KEPT = 96  # of the picture: greys and the colours of the masks
HEADINGS = ("mask", "generated", "nearest in train")


def draw_gallery(
    asked: Split, nearest: Split, card: TaskCard, path: Path, *, with_masks: bool = True
) -> None:
    """Draw the first patients of every cell of label x attribute value, one row per cell.

    asked: masks, generated images, and the label and attributes asked for; nearest: the training
    patient that each generated one resembles most, in the judge's features. with_masks=False leaves
    the masks out, for a generator that does not read them.
    """
    headings = HEADINGS if with_masks else HEADINGS[1:]
    rows = [
        (label, attribute.name, value)
        for attribute in card.attributes
        for value in attribute.values
        for label in card.classes
    ]
    wide = len(card.channels) * TILE
    patient = len(headings) * (wide + GAP) + 2 * GAP
    width = 2 * MARGIN + CAPTION + PATIENTS * patient
    top = MARGIN + 26
    sheet = Image.new("RGB", (width, top + len(rows) * (TILE + GAP) + MARGIN), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for place in range(PATIENTS):
        for k, heading in enumerate(headings):
            x = MARGIN + CAPTION + place * patient + k * (wide + GAP)
            draw.text((x, MARGIN), heading, FAINT, ImageFont.load_default(11))
    for number, (label, name, value) in enumerate(rows):
        y = top + number * (TILE + GAP)
        draw.text((MARGIN, y + 14), label, INK, ImageFont.load_default(13))
        draw.text((MARGIN, y + 34), value, INK, ImageFont.load_default(13))
        hits = (asked.table["label"] == label) & (asked.table[name] == value)
        for place, row in enumerate(np.flatnonzero(hits)[:PATIENTS]):
            x = MARGIN + CAPTION + place * patient
            tiles = [
                _coloured(asked.masks[row]),
                _strip(asked.images[row]),
                _strip(nearest.images[row]),
            ]
            for k, tile in enumerate(tiles[-len(headings) :]):
                sheet.paste(tile, (x + k * (wide + GAP), y))
    sheet.quantize(COLOURS_KEPT).save(path, format="PNG", optimize=True)


def draw_before_and_after(
    prompts: Sequence[str], before: np.ndarray | None, after: np.ndarray, path: Path
) -> None:
    """Draw images of neutral prompts, (prompts, patients, channels, size, size) each.

    The first channel of a few patients per prompt, before tuning above and after it below, from
    the same noise; one row where there is no before.
    """
    sides = [("", after)] if before is None else [("before", before), ("after", after)]
    across = after.shape[1] * (TILE + GAP)
    high = len(sides) * (TILE + GAP) + HEADING
    sheet = Image.new(
        "RGB", (2 * MARGIN + SIDE + across, 2 * MARGIN + len(prompts) * high), BACKGROUND
    )
    draw = ImageDraw.Draw(sheet)
    for number, prompt in enumerate(prompts):
        top = MARGIN + number * high
        draw.text((MARGIN, top), prompt, INK, ImageFont.load_default(13))
        for row, (side, images) in enumerate(sides):
            y = top + HEADING - GAP + row * (TILE + GAP)
            draw.text((MARGIN, y + TILE // 2 - 8), side, FAINT, ImageFont.load_default(11))
            for place, image in enumerate(images[number]):
                sheet.paste(_strip(image[:1]), (MARGIN + SIDE + place * (TILE + GAP), y))
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
