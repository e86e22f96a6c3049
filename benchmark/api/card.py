"""The facts of a task: its classes, its sensitive attributes, and how words become numbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

Group = tuple[str, ...]  # one value per attribute, e.g. ("female", "obese")


def group_words(values: Group) -> str:
    """Name a group for a reader: "female, obese". Nothing splits this again."""
    return ", ".join(values)


@dataclass(frozen=True)
class Attribute:
    """A sensitive attribute: its column name, its values in order, and how to say it.

    An attribute that bands a number names that number's column and the edges between its values:
    value k holds from edges[k - 1] to below edges[k].
    """

    name: str
    values: tuple[str, ...]
    title: str
    number: str | None = None  # the column that is banded, e.g. "age"
    edges: tuple[float, ...] = ()  # one fewer than values

    def __post_init__(self) -> None:
        if self.number is not None and len(self.edges) != len(self.values) - 1:
            raise ValueError(
                f"{self.name} has {len(self.values)} values and {len(self.edges)} edges; "
                f"it needs {len(self.values) - 1}."
            )


@dataclass(frozen=True)
class TaskCard:
    """The facts of a task. A published card is never edited: a fix is a new version."""

    name: str
    version: int
    title: str
    question: str
    classes: tuple[str, ...]  # in order; for two classes the last one is the positive one
    attributes: tuple[Attribute, ...]
    intersections: tuple[tuple[str, ...], ...]  # attribute names, shown beside the headline
    channels: tuple[str, ...]  # of the image, e.g. ("end-diastole", "end-systole")
    mask_labels: tuple[str, ...]  # meaning of mask values 1, 2, ...; 0 is background
    field_of_view_mm: float | None  # width of the square image; None: sizes in mm mean nothing
    main_metric: str
    citation: str  # of the question; that of the images belongs to their cohort
    notes: str = ""  # what to know about label and attributes, whatever the cohort
    # Published shares of values among the people that the task is about, e.g. ("sex", (0.5, 0.5)),
    # in the order of the values; their source belongs into citation or notes.
    population: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def __post_init__(self) -> None:
        if problems := _problems_of(self):
            raise ValueError(f"The card of {self.name} is wrong: {'; '.join(problems)}.")

    def attribute(self, name: str) -> Attribute:
        """Return the attribute of that name."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        known = ", ".join(a.name for a in self.attributes)
        raise KeyError(f"{self.name} has no attribute {name!r}. Its attributes: {known}.")

    def encode_labels(self, table: pd.DataFrame) -> np.ndarray:
        """Turn the label column into class indices, shape (n,), in the card's order."""
        return _encode(table["label"], self.classes, "label", self.name)

    def group_names(self, attributes: Sequence[str] | None = None) -> list[Group]:
        """Return all combinations of the attributes' values, the last one changing fastest."""
        chosen = [self.attribute(name) for name in attributes or [a.name for a in self.attributes]]
        return list(itertools.product(*(a.values for a in chosen)))

    def encode_groups(
        self, table: pd.DataFrame, attributes: Sequence[str] | None = None
    ) -> tuple[np.ndarray, list[Group]]:
        """Turn attribute columns into one group index per row and the groups' values.

        Groups are numbered as in :meth:`group_names`; combinations nobody has keep their index.
        """
        chosen = [self.attribute(name) for name in attributes or [a.name for a in self.attributes]]
        index = np.zeros(len(table), dtype=np.int64)
        for attribute in chosen:
            codes = _encode(table[attribute.name], attribute.values, attribute.name, self.name)
            index = index * len(attribute.values) + codes
        return index, self.group_names(attributes)

    def encode_cells(
        self, table: pd.DataFrame, attributes: Sequence[str] | None = None
    ) -> tuple[np.ndarray, int]:
        """Turn label and attributes into one cell index (label x group) and the number of cells."""
        groups, names = self.encode_groups(table, attributes)
        return self.encode_labels(table) * len(names) + groups, len(self.classes) * len(names)

    def cells(self) -> pd.DataFrame:
        """Return every cell (label x all attributes), one row each, in words."""
        columns = {"label": self.classes, **{a.name: a.values for a in self.attributes}}
        rows = list(itertools.product(*columns.values()))
        return pd.DataFrame(rows, columns=list(columns))

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain values, ready for JSON."""
        return asdict(self)


def _problems_of(card: TaskCard) -> list[str]:
    """Say everything that keeps a card from being used."""
    problems = [] if len(card.classes) > 1 else [f"it needs two classes and has {card.classes}"]
    problems += [] if card.attributes else ["it needs an attribute and has none"]
    names = [attribute.name for attribute in card.attributes]
    lists = {"classes": card.classes, "attributes": names}
    lists |= {f"values of {a.name}": a.values for a in card.attributes}
    problems += [
        f"its {which} are {tuple(words)}; each must be there once, and one at least"
        for which, words in lists.items()
        if len(set(words)) < max(len(words), 1)
    ]
    places = [("an intersection", name, names) for group in card.intersections for name in group]
    places += [("population", name, [*names, "label"]) for name, _ in card.population]
    problems += [
        f"{place} names {name!r}; allowed: {', '.join(allowed)}"
        for place, name, allowed in places
        if name not in allowed
    ]
    return problems


def _encode(column: pd.Series, values: Sequence[str], name: str, task: str) -> np.ndarray:
    codes = pd.Index(list(values)).get_indexer(pd.Index(column.astype(object))).astype(np.int64)
    if (codes < 0).any():
        bad = sorted({str(v) for v in column[codes < 0]})
        raise ValueError(
            f"{task}: {name} holds {', '.join(map(repr, bad))}. Allowed: {', '.join(values)}."
        )
    return codes
