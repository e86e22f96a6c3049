"""Numbers become words as the task's card says: an age into an age band, a BMI into a BMI band.

A table may hold the words, the numbers or both. Where it holds both, they must agree.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.api.card import Attribute, TaskCard
from benchmark.cohorts.participants import Participants


def band(values: np.ndarray, attribute: Attribute) -> np.ndarray:
    """Name the band of each number, shape (n,); an edge belongs to the band above it."""
    return np.array(attribute.values, object)[np.digitize(values, attribute.edges)]


def add_bands(table: pd.DataFrame, card: TaskCard) -> pd.DataFrame:
    """Add the attributes that the table has as numbers only; band_problems must be empty."""
    missing = [a for a in card.attributes if a.name not in table]
    return table.assign(**{a.name: band(table[str(a.number)].to_numpy(float), a) for a in missing})


def band_problems(participants: Participants, card: TaskCard) -> list[str]:
    """List every number that cannot be banded, and every one that its band contradicts."""
    attributes = [a for a in card.attributes if a.number in participants.table]
    return [problem for a in attributes for problem in _problems(participants, a)]


def _problems(participants: Participants, attribute: Attribute) -> list[str]:
    table, column = participants.table, str(attribute.number)
    cells = table[column]
    worded = attribute.name in table  # then a number may be withheld
    numbers = pd.to_numeric(cells.where(cells != ""), errors="coerce").astype(float)
    usable = (numbers > 0) & np.isfinite(numbers)
    advice = f" Or leave the cell empty: {attribute.name} holds the band." if worded else ""
    problems = [
        f"{participants.at(row, column)}: {text!r} is not a number above 0.{advice}"
        for row, text in cells[(cells != "") & ~usable].items()
    ]
    if not worded:
        return problems + [
            f"{participants.at(row, column)}: is empty. {attribute.name} is made from it."
            for row in table.index[cells == ""]
        ]
    expected = band(numbers[usable].to_numpy(), attribute)
    given = table.loc[usable, attribute.name]
    against = given.isin(attribute.values) & (given != expected)
    return problems + [
        f"{participants.at(row, attribute.name)}: {given[row]!r}, but {column} is {cells[row]}: "
        f"{word!r}. Mend one, or remove the column {column}."
        for row, word in zip(given.index[against], expected[against.to_numpy()], strict=True)
    ]
