"""One row of participants.tsv: its files become one image and one mask of the cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.cohorts.checks import CohortError
from benchmark.cohorts.images import Picture, PictureError, read_picture, scale_intensity, to_square
from benchmark.cohorts.participants import Participants, width_in_mm


@dataclass(frozen=True)
class ImageRow:
    """What one row asks to be read: its files by column, and how to read them."""

    line: int  # of the table
    place: str  # how to name the row in a message
    folder: Path
    images: dict[str, str]
    masks: dict[str, str]  # none: the mask is all background
    slice_index: int | None
    field_of_view: float | None  # mm; None: the card's
    already_scaled: bool

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the row, relative to the folder."""
        return (*self.images.values(), *self.masks.values())


def image_row(
    participants: Participants, line: int, cells: Mapping[str, str], files: Mapping[str, str]
) -> ImageRow:
    """Collect what a row asks for; cells that are no numbers are taken as empty here."""
    slice_text = cells.get("slice", "")
    return ImageRow(
        line=line,
        place=f"{participants.path.name}, row {line}",
        folder=participants.path.parent,
        images={column: files[column] for column in participants.image_columns},
        masks={c: files[c] for c in participants.mask_columns if c in files},
        slice_index=int(slice_text) if slice_text.isdecimal() else None,
        field_of_view=width_in_mm(cells.get("field_of_view_mm", "")),
        already_scaled=cells.get("intensity") == "unit",
    )


def read_row(row: ImageRow, card: TaskCard, image_size: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return images float32 and masks uint8, (channels, size, size), and whether mm are known.

    Where they are known, the image is as wide as the row says, else as wide as the card says, so
    that a millimetre is as long as in every other cohort. CohortError names every wrong file.
    """
    problems: list[str] = []
    images = np.zeros((len(card.channels), image_size, image_size), np.float32)
    masks = np.zeros(images.shape, np.uint8)
    image = _gather(row, row.images, len(card.channels), problems)
    mask = _gather(row, row.masks, len(card.channels), problems) if row.masks else None
    spacing = None if image is None else image.spacing
    width = (row.field_of_view or card.field_of_view_mm) if spacing else None
    try:
        if image is not None:
            scaled = scale_intensity(image.pixels, already_scaled=row.already_scaled)
            images = to_square(scaled, image_size, spacing, width)
    except PictureError as error:
        problems.append(_say(row, row.images, error))
    try:
        if mask is not None:
            labels = _mask_labels(mask, image, card)
            masks = to_square(labels, image_size, spacing, width, nearest=True)
    except PictureError as error:
        problems.append(_say(row, row.masks, error))
    if problems:
        raise CohortError(row.place, problems)
    return images, masks, spacing is not None


def _say(row: ImageRow, files: Mapping[str, str], error: PictureError) -> str:
    return f"{row.place}, {' + '.join(files)}: {' + '.join(files.values())} {error}."


def _gather(
    row: ImageRow, files: Mapping[str, str], n_channels: int, problems: list[str]
) -> Picture | None:
    """Read one file with all channels, or one file per channel; None after a problem."""
    pictures = []
    for column, text in files.items():
        try:
            picture = read_picture(row.folder / text, row.slice_index)
            if len(picture.pixels) != n_channels // len(files):
                raise PictureError(
                    f"holds {len(picture.pixels)} channels; {n_channels // len(files)} needed"
                )
            if row.field_of_view and picture.spacing is None:
                raise PictureError("does not say its pixel size, so field_of_view_mm must be empty")
            pictures.append(picture)
        except PictureError as error:
            problems.append(_say(row, {column: text}, error))
    if len(pictures) < len(files):
        return None
    if len({(p.pixels.shape, p.pixels.dtype, p.spacing) for p in pictures}) > 1:
        shapes = " and ".join(
            f"{p.pixels.shape[1:]} {p.pixels.dtype} {p.spacing or ''}".strip() for p in pictures
        )
        problems.append(
            _say(row, files, PictureError(f"differ in size, type or spacing: {shapes}"))
        )
        return None
    return Picture(np.concatenate([p.pixels for p in pictures]), pictures[0].spacing)


def _mask_labels(mask: Picture, image: Picture | None, card: TaskCard) -> np.ndarray:
    """Return the mask as uint8, or say why it is none of this image."""
    if image is not None and mask.pixels.shape != image.pixels.shape:
        raise PictureError(
            f"has size {mask.pixels.shape[1:]} but its image {image.pixels.shape[1:]}"
        )
    top = len(card.mask_labels)
    values = np.unique(mask.pixels)
    wrong = [f"{value:g}" for value in values if value not in range(top + 1)]
    if wrong:
        meanings = ", ".join(f"{i} {m}" for i, m in enumerate(("background", *card.mask_labels)))
        more = ", ..." if len(wrong) > 5 else ""
        raise PictureError(f"holds {', '.join(wrong[:5])}{more}. Allowed: {meanings}")
    return mask.pixels.astype(np.uint8)
