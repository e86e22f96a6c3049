"""history.csv: the curves of a run, with columns stage, step, and one per logged value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.records.base import UnreadableRecord

HISTORY = "history.csv"


def write_history(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the curves of a run, if there are any."""
    table = pd.DataFrame(list(rows))
    if len(table):
        table.to_csv(folder / HISTORY, index=False)


def read_history(folder: Path) -> pd.DataFrame:
    """Read the curves; empty if the method logged none. Raises UnreadableRecord.

    A value that another stage logged is NaN in this stage's rows.
    """
    path = folder / HISTORY
    if not path.exists():
        return pd.DataFrame()
    table = pd.read_csv(path, dtype={"stage": str})
    wrong = [name for name in ("stage", "step") if name not in table]
    numbers = table.drop(columns="stage", errors="ignore")
    wrong += [str(name) for name in numbers if not pd.api.types.is_numeric_dtype(numbers[name])]
    if wrong:
        raise UnreadableRecord(
            f"{path} cannot be read: {', '.join(wrong)} is missing or holds no numbers. "
            "Do the run again."
        )
    return table
