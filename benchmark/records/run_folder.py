"""The run folder: what is in it, how it is written whole, how it is read back.

config.json          everything that was decided before the work began, with the task's card
history.csv          per-epoch curves: stage, epoch, and one column per logged value
predictions.parquet  image_id, patient_id, split, label, attributes, probability_0, ...
generation.json      how the run's generator was judged, and gallery.png, where there is one
result.json          scores and timings, computed from predictions.parquet
log.txt              what the run said
done                 written last: without it the folder is not read as a result
error.txt            instead of done, when the run failed
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import TypeAdapter

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score
from benchmark.support.files import PARTIAL

SCHEMA = 2
SCORES = TypeAdapter(list[Score])

Status = Literal["done", "failed", "unfinished"]


@dataclass(frozen=True)
class RunRecord:
    """One run as it lies on disk."""

    folder: Path
    status: Status
    config: dict[str, Any]
    result: dict[str, Any] | None  # None unless done
    error: str | None  # None unless failed

    @property
    def card(self) -> TaskCard:
        """The card of the run's task, as it was when the run was made."""
        return TaskCard.from_dict(self.config["card"])

    @property
    def scores(self) -> list[Score]:
        """The scores of a finished run."""
        return SCORES.validate_python((self.result or {}).get("scores", []))

    def predictions(self) -> pd.DataFrame:
        """Read the saved probabilities of val and test."""
        return pd.read_parquet(self.folder / "predictions.parquet")

    def generation(self) -> dict[str, Any]:
        """Read how the run's generator was judged; empty if it has none."""
        path = self.folder / "generation.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def history(self) -> pd.DataFrame:
        """Read the per-epoch curves; empty if the method logged none."""
        path = self.folder / "history.csv"
        return pd.read_csv(path) if path.exists() else pd.DataFrame()


def read_run(folder: Path) -> RunRecord:
    """Read one run folder; a folder without done or error.txt is unfinished."""
    config = json.loads((folder / "config.json").read_text())
    if config.get("schema") != SCHEMA:
        raise ValueError(
            f"{folder}: config.json has schema {config.get('schema')!r}; this version reads "
            f"{SCHEMA}. Run it again, or read it with the version that wrote it."
        )
    if (folder / "done").exists():
        result = json.loads((folder / "result.json").read_text())
        return RunRecord(folder, "done", config, result, None)
    if (folder / "error.txt").exists():
        error = (folder / "error.txt").read_text()
        return RunRecord(folder, "failed", config, None, error)
    return RunRecord(folder, "unfinished", config, None, None)


def remove_partial(root: Path) -> None:
    """Delete what killed runs left half-written."""
    for folder in root.glob(f"*/*/*/*{PARTIAL}"):
        shutil.rmtree(folder)


def find_runs(root: Path) -> list[RunRecord]:
    """Read every run folder of a results folder, in name order, without those being written.

    They lie at task/cohort/method/run; copies elsewhere, such as a tracker's, are not read.
    """
    folders = sorted(path.parent for path in root.glob("*/*/*/*/config.json"))
    return [read_run(f) for f in folders if not f.name.endswith(PARTIAL)]


def result_values(
    scores: Sequence[Score], threshold: float | None, seconds: Mapping[str, float], **extra: Any
) -> dict[str, Any]:
    """Put together the content of result.json."""
    return {
        "schema": SCHEMA,
        "threshold": threshold,
        "seconds": dict(seconds),
        **extra,
        "scores": [asdict(score) for score in scores],
    }


def finish(partial: Path, target: Path, *, error: str | None = None) -> None:
    """Close a run folder written at partial and move it to its place in one step."""
    if error is None:
        (partial / "done").touch()
    else:
        (partial / "error.txt").write_text(error)
    if target.exists():
        shutil.rmtree(target)
    os.replace(partial, target)


def write_history(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the curves of a run, if there are any."""
    table = pd.DataFrame(list(rows))
    if len(table):
        table.to_csv(path, index=False)
