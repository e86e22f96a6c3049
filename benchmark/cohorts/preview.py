"""What a cohort looks like: counts and pictures for the page, and a contact sheet for its owner."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmark.api.card import TaskCard, group_words
from benchmark.api.cohort import CohortFacts
from benchmark.api.data import Split, Splits
from benchmark.api.scores import ScoreKey
from benchmark.cohorts.checks import cell_counts
from benchmark.records.cohort import write_cohort_record

MOST_CELLS = 12  # a sheet with more rows of label x all attributes shows label x value instead
PATIENTS = 6  # per row of the sheet
TILE = 128  # pixels; one channel of one patient
GAP, MARGIN, CAPTION = 6, 24, 230
BACKGROUND, INK, FAINT = (17, 18, 21), (235, 236, 238), (150, 154, 160)
# Okabe and Ito's colours (2008), which colour-blind readers can distinguish; for seven labels.
COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
)


def write_pictures(
    splits: Splits,
    card: TaskCard,
    folder: Path,
    facts: CohortFacts,
    ceilings: Mapping[ScoreKey, float] | None = None,
) -> None:
    """Write cohort.json (card, facts, counts, ceilings) and, of a digital cohort, one picture per
    attribute value and label.

    Images of real patients never leave their cohort: a table cohort gets counts only.
    The folder is replaced in one step.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    pictures = _save_examples(splits.train, card, partial) if facts.digital else []
    counts = cell_counts(splits, card).to_dict("records")
    write_cohort_record(partial, card, facts, counts, pictures, ceilings)
    if folder.exists():
        shutil.rmtree(folder)
    os.replace(partial, folder)


def preview_sheet(
    splits: Splits, card: TaskCard, path: Path, *, with_masks: bool, sample: bool = False
) -> None:
    """Draw a contact sheet of the train split: a row per cell, six patients each, as PNG.

    The patients are the first of each cell; with_masks outlines every mask label; sample
    notes that the cohort was made small for this picture.
    """
    from benchmark.cohorts.picture_grid import picture_grid  # imports torch

    rows = _sheet_rows(card)
    found = [_matching(splits.train, wanted) for wanted in rows]
    tiles = [tile for own in found for tile in _row_of(own, splits.train, card, with_masks)]
    grid = picture_grid(tiles, PATIENTS, GAP, BACKGROUND[1])
    left, top = MARGIN + CAPTION, MARGIN + 78
    height = top + grid.height + (34 if with_masks else 0) + 12 - 2 * GAP
    sheet = Image.new("RGB", (left + grid.width + MARGIN - 2 * GAP, height), BACKGROUND)
    sheet.paste(grid, (left - GAP, top - GAP))
    draw = ImageDraw.Draw(sheet)
    n, where = len(splits.train), "in the sample" if sample else "in train"
    _draw_heading(draw, card, f"A sample of {n}" if sample else str(n))
    for number, (wanted, own) in enumerate(zip(rows, found, strict=True)):
        y = top + number * (TILE + GAP)
        _draw_caption(draw, wanted, f"{len(own) or 'nobody'} {where}", y)
    if with_masks:
        _draw_legend(draw, card, sheet.height - 34)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, format="PNG")


def _row_of(
    patients: np.ndarray, train: Split, card: TaskCard, with_masks: bool
) -> list[Image.Image]:
    """Return the tiles of the first patients of a cell; empty ones where it has fewer."""
    tiles = [
        _patient(np.asarray(train.images[row]), train.masks[row] if with_masks else None)
        for row in patients[:PATIENTS]
    ]
    empty = Image.new("RGB", (TILE * len(card.channels), TILE), BACKGROUND)
    return tiles + [empty] * (PATIENTS - len(tiles))


def _save_examples(train: Split, card: TaskCard, folder: Path) -> list[dict[str, str]]:
    """Save the first train image of every attribute value and label; absent ones are left out."""
    pictures = []
    for attribute in card.attributes:
        values = enumerate(attribute.values)
        for (i, value), (j, label) in itertools.product(values, enumerate(card.classes)):
            found = _matching(train, {attribute.name: value, "label": label})
            if len(found):
                file = f"{attribute.name}_{i}_{j}.png"
                strip = np.concatenate(list(train.images[found[0]]), axis=1)
                picture = grey(strip)
                double = (2 * picture.width, 2 * picture.height)
                picture.resize(double, Image.Resampling.LANCZOS).save(folder / file)
                pictures.append(
                    {"attribute": attribute.name, "value": value, "label": label, "file": file}
                )
    return pictures


def _sheet_rows(card: TaskCard) -> list[dict[str, str]]:
    """Return what each row of the sheet shows: label and every attribute, or just one of them."""
    names = [a.name for a in card.attributes]
    groups = list(itertools.product(*(a.values for a in card.attributes)))
    if len(card.classes) * len(groups) <= MOST_CELLS:
        return [
            {"label": label, **dict(zip(names, group, strict=True))}
            for label in card.classes
            for group in groups
        ]
    return [
        {"label": label, attribute.name: value}
        for attribute in card.attributes
        for value in attribute.values
        for label in card.classes
    ]


def _matching(split: Split, wanted: Mapping[str, str]) -> np.ndarray:
    """Return the row numbers that hold all the wanted words."""
    hits = np.ones(len(split), bool)
    for column, value in wanted.items():
        hits &= (split.table[column] == value).to_numpy()
    return np.flatnonzero(hits)


def grey(image: np.ndarray) -> Image.Image:
    """Turn one plane of [0, 1] into a grey picture."""
    return Image.fromarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8))


def _patient(image: np.ndarray, masks: np.ndarray | None) -> Image.Image:
    """Draw one patient, channels side by side, each TILE wide, masks as outlines."""
    strip = Image.new("RGB", (TILE * len(image), TILE))
    for channel, pixels in enumerate(image):
        tile = grey(pixels).resize((TILE, TILE), Image.Resampling.LANCZOS).convert("RGB")
        if masks is not None:
            tile = _outlined(tile, masks[channel])
        strip.paste(tile, (channel * TILE, 0))
    return strip


def _outlined(tile: Image.Image, mask: np.ndarray) -> Image.Image:
    """Colour the edge of every mask label; between two labels it has the colour of the lower."""
    labels = np.asarray(Image.fromarray(mask).resize(tile.size, Image.Resampling.NEAREST))
    around = np.pad(labels, 1, mode="edge")
    neighbours = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    outside = np.any([(n == 0) | (n > labels) for n in neighbours], axis=0)
    edge = (labels > 0) & outside
    pixels = np.array(tile)
    palette = np.array(COLOURS, np.uint8)
    pixels[edge] = palette[(labels[edge] - 1) % len(palette)]
    return Image.fromarray(pixels)


def _draw_heading(draw: ImageDraw.ImageDraw, card: TaskCard, n: str) -> None:
    draw.text((MARGIN, MARGIN - 4), card.title, INK, ImageFont.load_default(22))
    line = f"{card.question}  {n} training images.  Per patient: {', '.join(card.channels)}."
    draw.text((MARGIN, MARGIN + 30), line, FAINT, ImageFont.load_default(14))


def _draw_caption(draw: ImageDraw.ImageDraw, wanted: Mapping[str, str], count: str, y: int) -> None:
    group = group_words(tuple(value for name, value in wanted.items() if name != "label"))
    font = ImageFont.load_default(15)
    draw.text((MARGIN, y + 34), wanted["label"], INK, font)
    draw.text((MARGIN, y + 55), group, INK, font)
    draw.text((MARGIN, y + 77), count, FAINT, ImageFont.load_default(13))


def _draw_legend(draw: ImageDraw.ImageDraw, card: TaskCard, y: int) -> None:
    x, font = MARGIN + CAPTION, ImageFont.load_default(14)
    for index, meaning in enumerate(card.mask_labels):
        draw.rectangle((x, y + 3, x + 12, y + 15), fill=COLOURS[index % len(COLOURS)])
        draw.text((x + 19, y), meaning, INK, font)
        x += 44 + int(draw.textlength(meaning, font))
