"""card.json of an official judge: what it is, how it was made, and how well its networks read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchmark.records.base import Part, Record, read_record, write_record

CARD = "card.json"
Share = Annotated[float, Field(ge=0, le=1)]
ByColumn = dict[str, Share]  # "label" and every attribute


class Recipe(Part):
    """How a judge was made."""

    command: str
    date: str
    code: str  # digest of the code that makes judges
    packages: dict[str, str]
    seeds: dict[str, tuple[int, ...]]  # of the new patients of each part
    patients: dict[str, int]  # train, calibration, held_out: equally many of every cell
    steps: dict[str, int]  # of every network
    computed_with: str  # device and precision


class ReaderQuality(Part):
    """How a classifier, or all together ("all"), reads patients held out from its training."""

    accuracy: ByColumn
    calibration_error: ByColumn  # expected calibration error, ten bins
    temperature: dict[str, float]  # that its logits were divided by; none for "all"
    by_look: dict[str, ByColumn]  # accuracy in copies that look otherwise
    by_group: dict[str, ByColumn]  # accuracy within "attribute=value" and "label=value"
    by_cell: dict[str, ByColumn]  # accuracy within a cell, all words joined


class JudgeCard(Record):
    """The content of card.json."""

    task: str
    task_version: int
    image_size: int  # pixels that its networks read; larger images are averaged down to it
    weights: str  # the file of all networks but the image-text model
    readers: tuple[str, ...]  # timm architectures of the classifiers
    extractor: str  # timm architecture of the network whose features are compared
    recipe: Recipe
    quality: dict[str, ReaderQuality]
    dice: dict[str, Share]  # of every region, on held-out patients; empty: the task has no masks
    dice_by_look: dict[str, Share]  # mean over regions
    prompt_found: Share  # how often an image lies nearest to its own prompt, of all full prompts
    files: dict[str, str]  # sha256 of every other file, by its place in the folder

    @property
    def digest(self) -> str:
        """Identify the judge by the content of its files: 16 digits."""
        lines = [f"{name} {self.files[name]}" for name in sorted(self.files)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def read_card(folder: Path) -> JudgeCard:
    """Read the card of a judge; raises UnreadableRecord."""
    return read_record(folder / CARD, JudgeCard, "Make it again: equipoise judge build TASK")


def write_card(folder: Path, card: JudgeCard) -> None:
    """Write it."""
    write_record(folder / CARD, card)


def files_of(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a judge but its card, by its place in the folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CARD)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def check_files(folder: Path, card: JudgeCard) -> None:
    """Raise ValueError if a file of the judge is not the one that its card names."""
    found = files_of(folder)
    wrong = sorted(
        name for name in {**found, **card.files} if found.get(name) != card.files.get(name)
    )
    if wrong:
        raise ValueError(
            f"{folder}: {', '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not what "
            f"{CARD} names. Get the folder again, or make it: equipoise judge build {card.task}"
        )
