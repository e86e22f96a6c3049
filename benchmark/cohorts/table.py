"""A folder of your own patients as a cohort: participants.tsv and image files, read once.

docs/cohorts/table_cohorts.md says what the folder holds. Everything wrong with it is reported at
once, and a folder with anything wrong is not used at all.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.data import IDENTITY_COLUMNS, Source, Splits
from benchmark.cohorts.bands import add_bands, band_problems
from benchmark.cohorts.changed_facts import changed_facts
from benchmark.cohorts.checks import NAMES, CohortError
from benchmark.cohorts.identity import file_digests
from benchmark.cohorts.participants import Participants, read_participants, table_problems
from benchmark.cohorts.paths import path_problem
from benchmark.cohorts.problems import by_row
from benchmark.cohorts.rows import ImageRow, image_row, read_row
from benchmark.cohorts.storage import create_arrays, read_split
from benchmark.discovery.code_digest import code_digest
from benchmark.support.cache import ContentCache, digest
from benchmark.support.progress import say, track
from benchmark.support.words import counted

SHARES = {"train": 0.6, "val": 0.15, "test": 0.25}  # design choice


def load_table_cohort(source: Source, card: TaskCard, seed: int) -> Splits:
    """Return the splits of source.folder at source.image_size.

    The seed matters only without a split column: then it deals train and val. CohortError (a
    ValueError) names file, row and column of everything that is wrong.
    """
    if source.folder is None:
        raise ValueError("A table cohort needs a folder: Source(folder=...).")
    participants = read_participants(source.folder, card)
    for line in changed_facts(participants, card):
        _say_once(line)
    problems = table_problems(participants, card) + band_problems(participants, card)
    rows, path_problems = _find_files(participants)
    problems += path_problems
    if not problems:
        table = add_bands(participants.table, card)
        if "split" not in table:
            table["split"] = assign_splits(table, card, seed)
        participants = dataclasses.replace(participants, table=table)
        problems += _split_problems(table, card)
    if problems:
        # The images are read all the same, so that one go lists everything.
        problems += _read_rows(rows, card, source.image_size, lambda *_: None)
        raise CohortError(participants.path, by_row(problems))
    return _cached(participants, rows, card, source)


def assign_splits(table: pd.DataFrame, card: TaskCard, seed: int) -> pd.Series:
    """Deal patients to train, val and test (60, 15, 25 %), evenly within every cell.

    A patient's cell is that of their first image. Test is dealt in the order of the ids' hashes
    and is the same for every seed, so that all runs on a cohort answer for the same patients;
    the seed deals the others.
    """
    cell = ["label", *(a.name for a in card.attributes)]
    patients = table.drop_duplicates("patient_id")
    patients = patients.assign(hash=[_hash(name) for name in patients["patient_id"]])
    patients = patients.sort_values([*cell, "hash"])
    in_test = _evenly(len(patients), SHARES["test"], start=0.5)
    rng = np.random.default_rng([seed, 0x5B117])
    others = patients[~in_test]
    others = others.iloc[rng.permutation(len(others))].sort_values(cell, kind="stable")
    in_val = _evenly(len(others), SHARES["val"] / (1 - SHARES["test"]), start=rng.random())
    split = dict.fromkeys(patients["patient_id"][in_test], "test")
    split |= dict(zip(others["patient_id"], np.where(in_val, "val", "train"), strict=True))
    return table["patient_id"].map(split)


def _evenly(n: int, share: float, start: float) -> np.ndarray:
    """Mark a share of n places, shape (n,): of any m in a row, m times share give or take one."""
    return np.diff(np.floor(start + share * np.arange(n + 1))) > 0


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _find_files(participants: Participants) -> tuple[list[ImageRow], list[str]]:
    """Turn rows into files; the rows whose files are not there are named, and left out."""
    rows, problems = [], []
    folder = participants.path.parent
    columns = [*participants.image_columns, *participants.mask_columns]
    texts = participants.table.to_dict("records")
    for line, texts_of_row in zip(participants.table.index, texts, strict=True):
        cells = {str(column): str(text) for column, text in texts_of_row.items()}
        files = {column: cells[column] for column in columns if cells[column]}
        wrong: dict[str, list[str]] = {}
        for column, text in files.items():
            if problem := path_problem(folder, text):
                wrong.setdefault(problem, []).append(column)
        problems += [f"{participants.at(line, ' + '.join(c))}: {p}." for p, c in wrong.items()]
        if not wrong and set(participants.image_columns) <= set(files):
            rows.append(image_row(participants, line, cells, files))
    return rows, problems


def _split_problems(table: pd.DataFrame, card: TaskCard) -> list[str]:
    problems = [
        f"{name} has no patients ({len(table)} rows in all)."
        for name in NAMES
        if not (table["split"] == name).any()
    ]
    train = table.loc[table["split"] == "train", "label"]
    absent = [label for label in card.classes if not (train == label).any()]
    if len(train) and absent:
        problems.append(
            f"train has no patient with label {', '.join(map(repr, absent))}: it cannot be learned."
        )
    return problems


def _cached(
    participants: Participants, rows: list[ImageRow], card: TaskCard, source: Source
) -> Splits:
    """Read the images once for this content of table and files; later calls map them."""
    names = [a.name for a in card.attributes]
    table = participants.table
    used = table[[*IDENTITY_COLUMNS, *names, "split"]]
    settings = [[r.slice_index, r.field_of_view, r.already_scaled] for r in rows]
    files = [name for row in rows for name in row.files]
    key = {
        "code": code_digest(Path(__file__)),
        "task": [card.name, card.version, list(card.channels), list(card.mask_labels)],
        "image": [source.image_size, card.field_of_view_mm],
        "table": digest([used.to_numpy().tolist(), list(used), settings]),
        "files": digest(file_digests(participants.path.parent, files)),
    }

    def build(folder: Path) -> None:
        _build(folder, participants, rows, card, source.image_size)

    folder = ContentCache(source.cache).folder(f"table-{card.name}", key, build)
    train, val, test = (read_split(folder / name) for name in NAMES)
    return Splits(train, val, test, fingerprint=digest(key))


def _build(
    folder: Path, participants: Participants, rows: list[ImageRow], card: TaskCard, size: int
) -> None:
    arrays = {}
    places: dict[int, tuple[str, int]] = {}  # by line of the table
    for name, part in participants.table.groupby("split"):
        split = str(name)
        arrays[split] = create_arrays(folder / split, len(part), len(card.channels), size)
        places |= {line: (split, i) for i, line in enumerate(part.index)}
        columns = [*IDENTITY_COLUMNS, *(a.name for a in card.attributes)]
        part[columns].reset_index(drop=True).to_parquet(folder / split / "table.parquet")

    unsized: list[int] = []

    def keep(line: int, images: np.ndarray, masks: np.ndarray, sized: bool) -> None:
        name, i = places[line]
        arrays[name][0][i], arrays[name][1][i] = images, masks
        if not sized:
            unsized.append(line)

    problems = _read_rows(rows, card, size, keep)
    if problems:
        raise CohortError(participants.path, by_row(problems))
    without = sum(not row.masks for row in rows)
    where, images = participants.path, counted(len(rows), "image")
    if without:
        _say_once(f"{where}: {without} of {images} have no mask; theirs are zeros.")
    if unsized and card.field_of_view_mm:
        _say_once(
            f"{where}: {len(unsized)} of {images} do not say how large a pixel is, so sizes in mm "
            "are not known. Each is taken whole; others are cut or padded to "
            f"{card.field_of_view_mm:g} mm."
        )


@cache
def _say_once(line: str) -> None:
    """Say a line once for a folder, and not once for every seed that deals its patients anew."""
    say(line)


def _read_rows(
    rows: list[ImageRow],
    card: TaskCard,
    size: int,
    keep: Callable[[int, np.ndarray, np.ndarray, bool], None],
) -> list[str]:
    """Read all rows, several at a time, hand each to keep, and return what is wrong with them."""

    def work(row: ImageRow) -> list[str]:
        try:
            keep(row.line, *read_row(row, card, size))
        except CohortError as error:
            return error.problems
        return []

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        done = track(pool.map(work, rows), "Reading images", len(rows))
        return [problem for problems in done for problem in problems]
