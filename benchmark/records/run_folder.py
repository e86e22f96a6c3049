"""The run folder: what is in it, how it is written whole, how it is read back.

config.json          everything that was decided before the work began, with the task's card
history.csv          curves: stage, step, and one column per logged value
predictions.parquet  image_id, patient_id, split, label, attributes, probability_0, ...
generation.json      how the run's generator was judged, and gallery.png, where there is one
result.json          scores, computed from predictions.parquet, and what the run cost
draws.safetensors    the bootstrap draws of the overall scores
log.txt              what the run said
done                 written last: without it the folder is not read as a result
error.txt            instead of done, when the run failed
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score
from benchmark.records.base import UnreadableRecord
from benchmark.records.config import RunConfig, read_config
from benchmark.records.generation import Generation, read_generation
from benchmark.records.history import read_history
from benchmark.records.result import PREDICTIONS, Result, read_result
from benchmark.support.files import PARTIAL

LONGEST_ERROR = 20_000  # bytes of error.txt that are read: the page shows them

Status = Literal["done", "failed", "unfinished"]
R = TypeVar("R")


@dataclass(frozen=True)
class RunRecord:
    """One run as it lies on disk."""

    folder: Path
    status: Status
    config: RunConfig
    result: Result | None  # None unless done
    error: str | None  # None unless failed

    @property
    def card(self) -> TaskCard:
        """The card of the run's task, as it was when the run was made."""
        return self.config.card

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores of a finished run; empty of any other."""
        return self.result.scores if self.result else ()

    def predictions(self) -> pd.DataFrame:
        """Read the saved probabilities of val and test."""
        return pd.read_parquet(self.folder / PREDICTIONS)

    def generation(self) -> Generation | None:
        """Read how the run's generator was judged; None if it has none."""
        return read_generation(self.folder)

    def history(self) -> pd.DataFrame:
        """Read the curves; empty if the method logged none."""
        return read_history(self.folder)


def read_run(folder: Path) -> RunRecord:
    """Read one run folder; a folder without done or error.txt is unfinished.

    Raises UnreadableRecord for a folder of another version, or one that is damaged.
    """
    config = read_config(folder)
    status, error = outcome(folder)
    result = read_result(folder) if status == "done" else None
    return RunRecord(folder, status, config, result, error)


def outcome(folder: Path) -> tuple[Status, str | None]:
    """Return how a run ended, and its error if it failed."""
    if (folder / "done").exists():
        return "done", None
    if (folder / "error.txt").exists():
        return "failed", _error_text(folder / "error.txt")
    return "unfinished", None


def _error_text(path: Path) -> str:
    """Read the start of error.txt, whatever its bytes; a folder of that name says nothing."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(LONGEST_ERROR).decode(errors="replace")


def status_of(folder: Path) -> Status:
    """Say whether the run of a folder is done; an unreadable one is to be done again."""
    if not (folder / "config.json").exists():
        return "unfinished"
    try:
        return read_run(folder).status
    except UnreadableRecord:
        return "unfinished"


def remove_partial(root: Path) -> None:
    """Delete what a kill left half-written: cohorts and runs."""
    for place in ("*/*/*", "*/*/*/*"):
        for folder in root.glob(f"{place}{PARTIAL}"):
            shutil.rmtree(folder)


@dataclass(frozen=True)
class FoundRuns(Generic[R]):
    """The run folders of a results folder."""

    readable: list[R]
    unreadable: list[str]  # a sentence each: which file, what is wrong, what to do


def look_for_runs(root: Path, read: Callable[[Path], R]) -> FoundRuns[R]:
    """Read every run folder of a results folder, in name order, without those being written.

    They lie at task/cohort/method/run; copies elsewhere, such as a tracker's, are not read.
    """
    found: FoundRuns[R] = FoundRuns([], [])
    for path in sorted(root.glob("*/*/*/*/config.json")):
        if path.parent.name.endswith(PARTIAL):
            continue
        try:
            found.readable.append(read(path.parent))
        except UnreadableRecord as error:
            found.unreadable.append(str(error))
    return found


def find_runs(root: Path) -> list[RunRecord]:
    """Read the run folders that this version can read."""
    return look_for_runs(root, read_run).readable


def finish(partial: Path, target: Path, *, error: str | None = None) -> None:
    """Finish a run: mark its folder and move it to its place in one step."""
    if error is None:
        (partial / "done").touch()
    else:
        (partial / "error.txt").write_text(error)
    if target.exists():
        shutil.rmtree(target)
    os.replace(partial, target)
