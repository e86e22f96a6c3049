"""A runs folder that was moved: its own MLflow store learns where the copied files lie now.

MLflow keeps absolute places and has no call that changes them, so the two columns are set here.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def follow_moved_artifacts(store: Path, artifacts: str) -> None:
    """Point all experiments and runs of a store at its artifacts folder.

    store: the sqlite file of a runs folder; nothing is done where it is not there yet.
    artifacts: the URI of the folder in which its runs keep their files, without a / at the end.
    """
    if not store.exists():
        return
    with closing(sqlite3.connect(store)) as database, database:
        if not _has(database, "experiments"):
            return
        old = [
            place
            for (place,) in database.execute("SELECT DISTINCT artifact_location FROM experiments")
            if place and place.endswith(f"/{Path(artifacts).name}") and place != artifacts
        ]
        for place in old:
            database.execute(
                "UPDATE experiments SET artifact_location = ? WHERE artifact_location = ?",
                (artifacts, place),
            )
            database.execute(
                "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?) "
                "WHERE substr(artifact_uri, 1, ?) = ?",
                (artifacts, len(place) + 1, len(place) + 1, f"{place}/"),
            )


def _has(database: sqlite3.Connection, table: str) -> bool:
    """Say whether a table is there: MLflow makes them when the store is first opened."""
    found = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
    return found.fetchone() is not None
