"""cohort.json: how many patients a cohort has in each cell, what can be learnt, and pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.scores import ScoreKey
from benchmark.records.base import Part, Record, UnreadableRecord, read_record, write_record

COHORT = "cohort.json"
MOST = 10**9  # patients of a cell
REPAIR = "Give `equipoise run` again, which writes it anew"
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
SPLITS = ("train", "val", "test", "recruited")


class CohortPicture(Part):
    """One patient: an attribute's value, a label, and the name of a PNG file beside the record."""

    attribute: str
    value: str
    label: str
    file: str


class CellCeiling(Part):
    """The accuracy of one cell of test after a large training that was balanced over all cells."""

    attributes: tuple[str, ...]
    values: tuple[str, ...]
    label: str
    accuracy: Annotated[float, Field(ge=0, le=1)]


class CohortRecord(Record):
    """The content of cohort.json; of real patients there are no pictures and no ceiling."""

    card: TaskCard
    facts: CohortFacts
    counts: tuple[dict[str, str | int], ...]  # split, label, one entry per attribute, n
    pictures: tuple[CohortPicture, ...]
    ceiling: tuple[CellCeiling, ...] = ()  # empty: none was made for these test images

    @property
    def ceilings(self) -> dict[ScoreKey, float]:
        """The ceiling of every cell by the address of its accuracy."""
        return {
            ScoreKey("cell_accuracy", one.attributes, one.values, one.label): one.accuracy
            for one in self.ceiling
        }

    def fits(self, card: TaskCard) -> bool:
        """Say whether it has the classes and attributes of a card."""
        return (self.card.classes, self.card.attributes) == (card.classes, card.attributes)

    @model_validator(mode="after")
    def _counts_fit_the_card(self) -> Self:
        allowed = {"split": SPLITS, "label": self.card.classes}
        allowed |= {a.name: a.values for a in self.card.attributes}
        for entry in self.counts:
            words = {name: word for name, word in entry.items() if name != "n"}
            known = words.keys() == allowed.keys() and isinstance(entry.get("n"), int)
            if not known or not 0 <= int(entry["n"]) <= MOST:
                raise ValueError(
                    f"needs split, label, every attribute, and n from 0 to {MOST}; {entry} does "
                    "not fit"
                )
            if any(word not in allowed[name] for name, word in words.items()):
                raise ValueError(f"has a word that the card does not have: {entry}")
        return self

    @model_validator(mode="after")
    def _ceiling_fits_the_card(self) -> Self:
        values = {a.name: a.values for a in self.card.attributes}
        for one in self.ceiling:
            pairs = list(zip(one.attributes, one.values, strict=False))
            fits = len(one.attributes) == len(one.values) and one.label in self.card.classes
            if not fits or any(value not in values.get(name, ()) for name, value in pairs):
                raise ValueError(f"has a ceiling of a cell that the card does not have: {one}")
        return self


def read_cohort_record(folder: Path) -> CohortRecord | None:
    """Read cohort.json; None if the cohort was not counted. Raises UnreadableRecord."""
    path = folder / COHORT
    return read_record(path, CohortRecord, REPAIR) if path.is_file() else None


def cohort_beside(run: Path, name: str) -> Path | None:
    """Return the folder of a run's cohort: task/variant/NAME beside task/variant/method/run.

    None where the run names none, or where the name or a link leads elsewhere: it is a stranger's.
    """
    if not PLAIN_NAME.fullmatch(name):
        return None
    beside = run.parent.parent.resolve()
    folder = (beside / name).resolve()
    return folder if folder.parent == beside else None


def ceilings_beside(run: Path, name: str, card: TaskCard) -> dict[ScoreKey, float]:
    """Return the ceilings that the cohort of a run has; {} where it has none that can be read.

    card: of the run; a cohort with other classes or attributes says nothing about it.
    """
    folder = cohort_beside(run, name)
    if folder is None or not (folder / COHORT).is_file():
        return {}
    found = (folder / COHORT).stat()
    try:
        record = _read_once(folder, found.st_mtime_ns, found.st_size)
    except UnreadableRecord:
        return {}  # the page says so where it shows the cohort
    return record.ceilings if record and record.fits(card) else {}


@lru_cache(maxsize=256)
def _read_once(folder: Path, changed: int, size: int) -> CohortRecord | None:
    """Read a cohort.json that many runs share once, until its time or size is another."""
    return read_cohort_record(folder)


def cohort_is_stale(folder: Path, ceilings: Mapping[ScoreKey, float]) -> bool:
    """Say whether there is a cohort.json that cannot be read or holds other ceilings than these."""
    try:
        record = read_cohort_record(folder)
    except UnreadableRecord:
        return True
    return record is not None and record.ceilings != ceilings


def write_cohort_record(
    folder: Path,
    card: TaskCard,
    facts: CohortFacts,
    counts: Sequence[Mapping[Any, Any]],
    pictures: Sequence[Mapping[str, str]],
    ceilings: Mapping[ScoreKey, float] | None = None,
) -> None:
    """Write cohort.json; raises ValidationError if something has another form."""
    found = {"card": card, "facts": facts, "counts": counts, "pictures": pictures}
    found |= {"ceiling": _of_cells(ceilings or {})}
    write_record(folder / COHORT, CohortRecord.model_validate(found, strict=False))


def write_ceilings(folder: Path, record: CohortRecord, ceilings: Mapping[ScoreKey, float]) -> None:
    """Write a cohort's record anew with these ceilings; all else stays."""
    renewed = record.model_copy(update={"ceiling": tuple(_of_cells(ceilings))})
    write_record(folder / COHORT, renewed)


def _of_cells(ceilings: Mapping[ScoreKey, float]) -> list[CellCeiling]:
    return [
        CellCeiling(attributes=k.attributes, values=k.values, label=str(k.label), accuracy=share)
        for k, share in ceilings.items()
    ]
