"""Remembers which runs were compared with their cohorts, in the cache of whoever compared them.

It does not lie in the results folder: who writes run folders could write it too. A run is compared
anew when its files have another size or time, or when the code of its task has changed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmark.api.data import default_cache
from benchmark.records.checked import Checked
from benchmark.records.config import CONFIG
from benchmark.records.result import PREDICTIONS
from benchmark.support.cache import digest
from benchmark.support.files import write_text

FILES = (CONFIG, PREDICTIONS)  # what a comparison rests on
State = list[str | int]


class ComparedRuns:
    """Results by run folder; path: a JSON file, None: nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._found = _read(path) if path else {}
        self._kept: dict[str, list[Any]] = {}

    @classmethod
    def of(cls, runs: Path) -> ComparedRuns:
        """Open what is remembered of a results folder."""
        return cls(default_cache() / "compared-runs" / f"{digest(str(runs.resolve()))}.json")

    def get(self, folder: Path, state: State) -> Checked | None:
        """Return what was found for a run in this state of its files and of the task's code."""
        entry = self._found.get(str(folder))
        if entry is None or entry[0] != state:
            return None
        self._kept[str(folder)] = entry
        return _checked(entry[1])

    def add(self, folder: Path, state: State, found: Checked) -> None:
        """Remember a result; state: from before the files were read."""
        self._kept[str(folder)] = [state, found.model_dump(exclude_defaults=True)]

    def write(self) -> None:
        """Keep what was asked for or added, if anything is new; a read-only cache keeps nothing."""
        if self._path is None or self._kept == self._found:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._path, json.dumps(self._kept))
        except OSError:
            return  # it saves time and is needed for nothing


def state_of(folder: Path, code: str) -> State:
    """Return the code, and size, time of writing and time of change of the run's files.

    Whoever packs or copies a folder can set the time of writing, and not the time of change.
    """
    state: State = [code]
    for name in FILES:
        try:
            found = (folder / name).stat()
        except OSError:
            continue
        state += [name, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
    return state


def _read(path: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {name: entry for name, entry in entries if isinstance(entry, list) and len(entry) == 2}


def _checked(words: Any) -> Checked | None:
    try:
        return Checked.model_validate(words) if words else Checked()
    except ValidationError:
        return None
