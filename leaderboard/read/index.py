"""The index of a results folder: scores of runs that were found to count, in one file.

It saves reading result.json and checking the digests of predictions and draws, which is nearly all
of the time that a page of many runs takes. A run whose files have another size or time than when it
was checked is read anew; without the file the page is the same and takes longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from benchmark.api.scores import ScoreKey
from benchmark.records.base import Part
from benchmark.records.cohort import COHORT, PLAIN_NAME
from benchmark.records.result import DRAWS, PREDICTIONS, RESULT, RunFacts, scoring_digest
from benchmark.support.files import write_bytes
from leaderboard.read.score_table import ScoreKeys, ScoreTable

INDEX = ".page-index.safetensors"  # in the results folder
FORM: Literal[1] = 1  # of the index; another one is not read
Stamp = tuple[int, ...]
ABSENT = (-1, -1)  # of a file that need not be there
CHECKED = (RESULT, PREDICTIONS, DRAWS)  # files whose size and time must be as they were


class Entry(Part):
    """One run: its files as they were checked, and where its scores stand."""

    stamp: Stamp  # size and time of the files in CHECKED
    facts: RunFacts
    threshold: float | None
    keys: str  # which list of addresses its scores have
    place: int  # of its scores in the arrays of that list
    notes: dict[int, str]


class Header(Part):
    """What the index says besides numbers."""

    form: Literal[1]
    scoring: str  # digest of the code of the metrics
    keys: dict[str, tuple[ScoreKey, ...]]
    runs: dict[str, Entry]  # by folder, from the results folder on


@dataclass(frozen=True)
class Known:
    """What the index knows of a run."""

    facts: RunFacts
    threshold: float | None
    table: ScoreTable


@dataclass
class Index:
    """Finished runs by folder; what is asked for or added is what is written."""

    root: Path
    found: dict[str, Entry] = field(default_factory=dict)
    tables: dict[str, ScoreTable] = field(default_factory=dict)  # of all runs, by list of keys
    kept: dict[str, tuple[Stamp, Known]] = field(default_factory=dict)
    changed: bool = False

    def get(self, folder: Path, stamp: Stamp) -> Known | None:
        """Return what is known of a run; None if it is new or its files have changed."""
        name = str(folder.relative_to(self.root))
        entry = self.found.get(name)
        if entry is None or entry.stamp != stamp:
            return None
        all_runs = self.tables[entry.keys]
        table = ScoreTable(
            all_runs.keys, all_runs.values[entry.place], all_runs.counts[entry.place], entry.notes
        )
        known = Known(entry.facts, entry.threshold, table)
        self.kept[name] = stamp, known
        return known

    def add(self, folder: Path, stamp: Stamp, known: Known) -> None:
        """Remember a run whose stored scores count; stamp: from before they were checked."""
        self.kept[str(folder.relative_to(self.root))] = stamp, known
        self.changed = True

    def write(self) -> None:
        """Write the index if it says anything new; a folder that is read-only gets none."""
        if not self.changed and self.kept.keys() == self.found.keys():
            return
        try:
            write_bytes(self.root / INDEX, _content(self.kept))
        except OSError:
            return  # it saves time and is needed for nothing


def read_index(root: Path) -> Index:
    """Read the index of a results folder; empty if there is none that fits this version."""
    try:
        tensors = load((root / INDEX).read_bytes())
        header = Header.model_validate_json(tensors["header"].tobytes())
    except (OSError, SafetensorError, ValidationError, KeyError):
        return Index(root)
    if header.scoring != scoring_digest():
        return Index(root)
    tables = {
        digest: ScoreTable(
            ScoreKeys(keys), tensors[f"{digest}.values"], tensors[f"{digest}.counts"], {}
        )
        for digest, keys in header.keys.items()
        if {f"{digest}.values", f"{digest}.counts"} <= tensors.keys()
    }
    whole = all(_whole(digest, table) for digest, table in tables.items())
    fits = all(
        entry.keys in tables and 0 <= entry.place < len(tables[entry.keys].values)
        for entry in header.runs.values()
    )
    return Index(root, header.runs, tables) if whole and fits else Index(root)


def _whole(digest: str, table: ScoreTable) -> bool:
    runs, keys = len(table.values), len(table.keys)
    return (
        table.keys.digest == digest
        and (table.values.shape, table.values.dtype) == ((runs, keys, 3), np.float64)
        and (table.counts.shape, table.counts.dtype) == ((runs, keys, 2), np.int64)
    )


def stamp_of(folder: Path, cohort: str) -> Stamp:
    """Return size and time of the files that scores rest on; empty if a run's own is not there.

    cohort: the name of the folder beside the method's, whose cohort.json holds the ceilings.
    """
    stamp: list[int] = []
    for name in CHECKED:
        try:
            found = (folder / name).stat()
        except OSError:
            return ()
        stamp += [found.st_size, found.st_mtime_ns]
    return *stamp, *_cohort_stamp(folder, cohort)


def _cohort_stamp(folder: Path, cohort: str) -> Stamp:
    """Return size and time of the cohort's record; many runs have none."""
    if not PLAIN_NAME.fullmatch(cohort):
        return ABSENT
    try:
        found = (folder.parent.parent / cohort / COHORT).stat()
    except OSError:
        return ABSENT
    return found.st_size, found.st_mtime_ns


def _content(kept: dict[str, tuple[Stamp, Known]]) -> bytes:
    lists: dict[str, tuple[ScoreKey, ...]] = {}
    of_list: dict[str, list[ScoreTable]] = {}
    runs: dict[str, Entry] = {}
    for name, (stamp, known) in sorted(kept.items()):
        digest = known.table.keys.digest
        lists.setdefault(digest, known.table.keys.in_order)
        tables = of_list.setdefault(digest, [])
        runs[name] = Entry(
            stamp=stamp,
            facts=known.facts,
            threshold=known.threshold,
            keys=digest,
            place=len(tables),
            notes=dict(known.table.notes),
        )
        tables.append(known.table)
    header = Header(form=FORM, scoring=scoring_digest(), keys=lists, runs=runs)
    tensors = {"header": np.frombuffer(header.model_dump_json().encode(), dtype=np.uint8)}
    for digest, tables in of_list.items():
        tensors |= _arrays(digest, tables)
    return save(tensors)


def _arrays(digest: str, tables: Sequence[ScoreTable]) -> dict[str, np.ndarray]:
    return {
        f"{digest}.values": np.stack([table.values for table in tables]),
        f"{digest}.counts": np.stack([table.counts for table in tables]),
    }
