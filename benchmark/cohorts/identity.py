"""What a folder of patients is known by: the content of its table and of the files it names.

Where the folder lies, what it is called and what else lies in it make no difference.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np

from benchmark.api.data import Split
from benchmark.cohorts.checks import CohortError
from benchmark.cohorts.participants import find_table, read_table
from benchmark.support.cache import digest
from benchmark.support.progress import track

FileFacts = tuple[Path, int, int]  # path, size, time of the last change in ns
_known: dict[FileFacts, str] = {}  # a matrix asks for the same files once per run


def content_digest(folder: Path) -> str:
    """Hash the table and every file that its image and mask columns name, in 16 hex digits.

    A file that is not there, or a path that leads out of the folder, counts as absent: the loader
    reports it. CohortError if there is no table.
    """
    table = find_table(folder)
    return digest(file_digests(folder, [table.name, *_named_files(table)]))


def file_digests(folder: Path, names: Iterable[str]) -> list[str | None]:
    """Return the SHA-256 of the content of every file in folder; None where none can be read.

    A file is read once per process, as long as its size and its time of change stay.
    """
    inside = folder.absolute()
    facts = [_facts(inside / name) for name in names]
    unread = list(dict.fromkeys(f for f in facts if f is not None and f not in _known))
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        read = track(pool.map(_sha256, unread), "Looking for changed files", len(unread))
        _known.update({f: seen for f, seen in zip(unread, read, strict=True) if seen})
    return [None if f is None else _known.get(f) for f in facts]


def _named_files(table: Path) -> list[str]:
    """Return the paths in the table's image and mask columns, sorted; none if it is no table."""
    try:
        cells = read_table(table)
    except CohortError:
        return []
    columns = [
        column
        for column in map(str, cells)
        if column.partition("_")[0] in ("image", "mask") and column != "image_id"
    ]
    named = {text for column in columns for text in cells[column] if text}
    return sorted(text for text in named if _stays_inside(text))


def _stays_inside(text: str) -> bool:
    relative = PurePosixPath(text)
    return not relative.is_absolute() and ".." not in relative.parts


def _facts(path: Path) -> FileFacts | None:
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a null character in a stranger's path
        return None
    if not stat.S_ISREG(found.st_mode):  # a device would never end
        return None
    return path, found.st_size, found.st_mtime_ns


def _sha256(facts: FileFacts) -> str | None:
    try:
        with facts[0].open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def split_digest(split: Split) -> str:
    """Hash the images, masks and table of a split."""
    seen = hashlib.sha256(split.table.to_csv(index=False).encode())
    for array in (split.images, split.masks):
        for start in range(0, len(array), 256):
            seen.update(np.ascontiguousarray(array[start : start + 256]).tobytes())
    return seen.hexdigest()[:16]
