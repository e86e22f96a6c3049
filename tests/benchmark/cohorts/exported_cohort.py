"""A folder of toy patients, and ways to spoil it."""

from pathlib import Path

import pandas as pd
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.checks import CohortError
from benchmark.cohorts.table import load_table_cohort
from benchmark.cohorts.toy import toy_task

SIZE = 16
TASK = toy_task(2, 2)
CARD = TASK.card


def load(folder: Path, card=CARD, seed=0):
    source = Source(folder=folder, image_size=SIZE, cache=folder.parent / "cache")
    return load_table_cohort(source, card, seed)


def change(folder: Path, edit) -> None:
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table = edit(table)
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)


def set_cell(row: int, column: str, value: str):
    """Change a cell; row 2 is the first below the header."""

    def edit(table):
        table.loc[row - 2, column] = value
        return table

    return edit


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(CohortError) as caught:
        load(folder)
    return caught.value.problems
