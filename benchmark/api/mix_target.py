"""A target mix: how large a share each group is to have in what a generator draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.card import Group, TaskCard, group_words


@dataclass(frozen=True)
class Target:
    """How large a share each group is to have: of the label, of attributes, or of several."""

    columns: tuple[str, ...]  # "label" or names of attributes
    groups: tuple[Group, ...]  # all combinations of their values, the last column changing fastest
    shares: tuple[float, ...]  # of each group; they sum to 1

    @property
    def words(self) -> str:
        """Say the mix: "female 50%, male 50%"."""
        return self._said("{:.3g}%", 100)

    @property
    def exactly(self) -> str:
        """Say the mix as it is compared: "female 0.541, male 0.459"."""
        return self._said("{:.4g}", 1)

    def _said(self, number: str, whole: int) -> str:
        pairs = zip(self.groups, self.shares, strict=True)
        between = ", " if len(self.columns) == 1 else "; "  # a group of several has a comma itself
        return between.join(
            f"{group_words(group)} {number.format(whole * share)}" for group, share in pairs
        )

    def encode(self, table: pd.DataFrame, card: TaskCard) -> np.ndarray:
        """Return the group of every row, (n,), as a number."""
        index = np.zeros(len(table), np.int64)
        for name in self.columns:
            index = index * len(values_of(card, name)) + codes_of(card, name, table)
        return index

    def probabilities(self, by_column: Mapping[str, np.ndarray]) -> np.ndarray:
        """Multiply probabilities per column, each (n, values), to those of groups, (n, groups)."""
        joint = by_column[self.columns[0]]
        for name in self.columns[1:]:
            joint = (joint[:, :, None] * by_column[name][:, None, :]).reshape(len(joint), -1)
        return joint


def values_of(card: TaskCard, column: str) -> tuple[str, ...]:
    """Return the words of the label or of an attribute, in order."""
    return card.classes if column == "label" else card.attribute(column).values


def codes_of(card: TaskCard, column: str, table: pd.DataFrame) -> np.ndarray:
    """Turn the words of one column into numbers, (n,)."""
    if column == "label":
        return card.encode_labels(table)
    return card.encode_groups(table, [column])[0]
