"""A stranger's participants.tsv: read it, find its columns, list all that is wrong with it.

Row numbers in messages are line numbers of the file: the header is row 1.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.cohorts.checks import NAMES, CohortError

FILES = ("participants.tsv", "participants.csv")
EMPTY = ("", "n/a", "na", "nan", "null")  # BIDS writes n/a for a missing value
INTENSITIES = ("raw", "unit")
WIDEST_FIELD = 1000.0  # mm; wider than any scanner, so a larger value is a wrong unit


@dataclass(frozen=True)
class Participants:
    """The table as text, indexed by line number, and the columns that hold the files."""

    path: Path
    table: pd.DataFrame
    image_columns: tuple[str, ...]  # one for all channels, or one per channel in the card's order
    mask_columns: tuple[str, ...]  # likewise; none if the cohort has no masks

    def at(self, row: object, column: str) -> str:
        """Say where a cell is."""
        return f"{self.path.name}, row {row}, {column}"


def read_participants(folder: Path, card: TaskCard) -> Participants:
    """Read the table and find its columns; CohortError lists the columns that are missing."""
    path = find_table(folder)
    table = read_table(path)
    images = _file_columns(table, "image", card.channels)
    _refuse_other_separator(path, table)
    problems = _missing_columns(table, card)
    if not images:
        numbered = ", ".join(f"image_{i + 1}" for i in range(len(card.channels)))
        problems.append(
            f"has no column 'image', nor all of {numbered} ({', '.join(card.channels)})."
        )
    if not len(table):
        problems.append("has no rows.")
    if problems:
        raise CohortError(path, problems)
    return Participants(
        path, _with_image_ids(table), images, _file_columns(table, "mask", card.channels)
    )


def find_table(folder: Path) -> Path:
    """Return the folder's participants.tsv or .csv; CohortError if there is none, or both."""
    found = [folder / name for name in FILES if (folder / name).is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        raise CohortError(folder, ["has a participants.tsv and a participants.csv. Keep one."])
    no_folder = "" if folder.is_dir() else "is not a folder, so it "
    what = f"{no_folder}has no participants.tsv (or .csv)"
    raise CohortError(folder, [f"{what}. See docs/cohorts/table_cohorts.md for its format."])


def read_table(path: Path) -> pd.DataFrame:
    """Read the table as text, "" where a cell is empty, indexed by the file's line numbers."""
    separator = "\t" if path.suffix == ".tsv" else ","
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row with too many cells
            table = pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,
                index_col=False,
                encoding="utf-8-sig",
            )
    except (ValueError, pd.errors.ParserWarning) as error:
        raise CohortError(path, [f"cannot be read as UTF-8 text in columns: {error}"]) from error
    table = table.fillna("").apply(lambda column: column.str.strip())
    table.index = pd.RangeIndex(2, len(table) + 2)
    table = table.mask(table.apply(lambda column: column.str.lower().isin(EMPTY)), "")
    table = table[(table != "").any(axis=1)]
    return table.rename(columns={"participant_id": "patient_id"})


def table_problems(participants: Participants, card: TaskCard) -> list[str]:
    """List every cell that cannot be used, except for numbers to band and what files can tell."""
    table = participants.table
    problems = _empty_cells(participants, card)
    numbers = {a.name: a.number for a in card.attributes}
    allowed: dict[str, Sequence[str]] = {"label": card.classes}
    allowed |= {a.name: a.values for a in card.attributes if a.name in table}
    allowed |= {c: v for c, v in (("split", NAMES), ("intensity", INTENSITIES)) if c in table}
    for column, values in allowed.items():
        wrong = table[column][(table[column] != "") & ~table[column].isin(values)]
        problems += [
            f"{participants.at(row, column)}: {value!r}. Allowed: {', '.join(values)}."
            f"{_advice(value, values, numbers.get(column))}"
            for row, value in wrong.items()
        ]
    problems += _repeated_ids(participants)
    problems += _patients_in_two_splits(participants)
    problems += _shared_files(participants)
    return problems + _number_problems(participants)


def width_in_mm(text: str) -> float | None:
    """Read a cell of field_of_view_mm; None where it is empty or no width."""
    try:
        width = float(text)
    except ValueError:
        return None
    return width if 0 < width <= WIDEST_FIELD else None


def _file_columns(table: pd.DataFrame, prefix: str, channels: Sequence[str]) -> tuple[str, ...]:
    numbered = tuple(f"{prefix}_{i + 1}" for i in range(len(channels)))
    named = tuple(f"{prefix}_{channel}" for channel in channels)
    for columns in ((prefix,), numbered, named):
        if all(column in table for column in columns):
            return columns
    return ()


def _refuse_other_separator(path: Path, table: pd.DataFrame) -> None:
    """A table that is one column wide was written with another separator than its name says."""
    expected, other = ("tabs", ",") if path.suffix == ".tsv" else ("commas", "\t")
    if table.shape[1] == 1 and other in str(table.columns[0]):
        words = f"is one column wide: {path.suffix} files have {expected} between columns"
        raise CohortError(path, [f"{words}. Save it so, or name it after what it is."])


def _missing_columns(table: pd.DataFrame, card: TaskCard) -> list[str]:
    """Name the columns that are missing; an attribute may be there as a number instead."""
    instead: dict[str, str | None] = {"patient_id": None, "label": None}
    instead |= {a.name: a.number for a in card.attributes}
    used = {*instead, *instead.values(), "image_id", "split", "slice", "intensity"}
    free = {str(c).lower(): str(c) for c in table if c not in used and not _holds_files(str(c))}
    problems = []
    for name, number in instead.items():
        if name in table or number in table:
            continue
        names = [word for word in (name, number) if word]
        near = [n for word in names for n in difflib.get_close_matches(word, free, 1, 0.7)]
        other = f", nor the number {number!r} to make it from" if number else ""
        rename = f" Rename {free[near[0]]!r}?" if near else ""
        problems.append(f"has no column {name!r}{other}.{rename}")
    return problems


def _holds_files(column: str) -> bool:
    return column.startswith(("image", "mask"))


def _with_image_ids(table: pd.DataFrame) -> pd.DataFrame:
    """Name images after their patient, and number them where a patient has several."""
    if "image_id" in table:
        return table
    patient = table["patient_id"]
    number = (table.groupby("patient_id").cumcount() + 1).astype(str)
    several = patient.duplicated(keep=False)
    return table.assign(image_id=patient.where(~several, patient + "_" + number))


def _empty_cells(participants: Participants, card: TaskCard) -> list[str]:
    table = participants.table
    attributes = [a.name for a in card.attributes if a.name in table]
    needed = ["patient_id", "image_id", "label", *attributes]
    needed += [*participants.image_columns, *(c for c in ("split",) if c in table)]
    return [
        f"{participants.at(row, column)}: is empty."
        for column in needed
        for row in table.index[table[column] == ""]
    ]


def _advice(value: str, allowed: Sequence[str], number: str | None) -> str:
    """Suggest the nearest word, or the column that numbers belong in."""
    if number and value.replace(".", "", 1).isdigit():
        return f" Numbers belong in the column {number!r}."
    lower = {word.lower(): word for word in allowed}
    begin = [word for word in lower if word.startswith(value.lower())]
    near = begin if len(begin) == 1 else difflib.get_close_matches(value.lower(), lower, n=1)
    return f" Did you mean {lower[near[0]]!r}?" if near else ""


def _repeated_ids(participants: Participants) -> list[str]:
    ids = participants.table["image_id"]
    first = {value: row for row, value in reversed(list(ids.items()))}
    again = ids[ids.duplicated() & (ids != "")]
    return [
        f"{participants.at(row, 'image_id')}: {value!r} is taken by row {first[value]}."
        for row, value in again.items()
    ]


def _patients_in_two_splits(participants: Participants) -> list[str]:
    if "split" not in participants.table:
        return []
    known = participants.table[participants.table["split"].isin(NAMES)]
    placed = known.drop_duplicates(["patient_id", "split"])
    problems = []
    for patient, rows in placed[placed.duplicated("patient_id", keep=False)].groupby("patient_id"):
        first, second = rows.index[:2]
        problems.append(
            f"{participants.at(second, 'split')}: patient {patient} is in "
            f"{rows['split'].iloc[1]} and in {rows['split'].iloc[0]} (row {first}). "
            "A patient may be in one split only."
        )
    return problems


def _shared_files(participants: Participants) -> list[str]:
    """One picture of two patients is a slip, and would leak from train into test."""
    problems = []
    for column in participants.image_columns:
        used = participants.table[participants.table[column] != ""]
        owners = used.drop_duplicates([column, "patient_id"])
        for file, rows in owners[owners.duplicated(column, keep=False)].groupby(column):
            first, second = rows.index[:2]
            problems.append(
                f"{participants.at(second, column)}: {file} is the picture of patient "
                f"{rows['patient_id'].iloc[0]} (row {first}) already."
            )
    return problems


def _number_problems(participants: Participants) -> list[str]:
    """Check the optional columns slice (0, 1, 2, ...) and field_of_view_mm."""
    table = participants.table
    problems = []
    if "slice" in table:
        wrong = table["slice"][
            (table["slice"] != "") & ~table["slice"].str.fullmatch(r"[0-9]{1,6}")
        ]
        problems += [
            f"{participants.at(row, 'slice')}: {value!r} is no slice number 0, 1, 2, ..."
            for row, value in wrong.items()
        ]
    if "field_of_view_mm" in table:
        cells = table["field_of_view_mm"]
        wrong = cells[(cells != "") & cells.map(width_in_mm).isna()]
        problems += [
            f"{participants.at(row, 'field_of_view_mm')}: {value!r} is not a width in mm, "
            f"above 0 and at most {WIDEST_FIELD:g}."
            for row, value in wrong.items()
        ]
    return problems
