"""cohort.json: how many patients a cohort has in each cell, and pictures of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.records.base import Part, Record, UnreadableRecord, read_record, write_record

COHORT = "cohort.json"
MOST = 10**9  # patients of a cell
REPAIR = "Give `equipoise run` again, which writes it anew"
SPLITS = ("train", "val", "test", "recruited")


class CohortPicture(Part):
    """One patient: an attribute's value, a label, and the name of a PNG file beside the record."""

    attribute: str
    value: str
    label: str
    file: str


class CohortRecord(Record):
    """The content of cohort.json; of real patients there are no pictures."""

    card: TaskCard
    facts: CohortFacts
    counts: tuple[dict[str, str | int], ...]  # split, label, one entry per attribute, n
    pictures: tuple[CohortPicture, ...]

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


def read_cohort_record(folder: Path) -> CohortRecord | None:
    """Read cohort.json; None if the cohort was not counted. Raises UnreadableRecord."""
    path = folder / COHORT
    return read_record(path, CohortRecord, REPAIR) if path.is_file() else None


def cohort_is_damaged(folder: Path) -> bool:
    """Say whether there is a cohort.json that cannot be read."""
    try:
        read_cohort_record(folder)
    except UnreadableRecord:
        return True
    return False


def write_cohort_record(
    folder: Path,
    card: TaskCard,
    facts: CohortFacts,
    counts: Sequence[Mapping[Any, Any]],
    pictures: Sequence[Mapping[str, str]],
) -> None:
    """Write cohort.json; raises ValidationError if counts or pictures have another form."""
    found = {"card": card, "facts": facts, "counts": counts, "pictures": pictures}
    write_record(folder / COHORT, CohortRecord.model_validate(found, strict=False))
