"""How much a test split can show: which headline cells are too small for a claim, and by how much.

A headline cell is a label and a value of one attribute: the worst group is the worst of them.
"""

from __future__ import annotations

import itertools

import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.metrics.cell_size import (
    DISAGREEMENT,
    HALF_WIDTH,
    half_width,
    patients_needed,
    points_words,
    smallest_difference,
)
from benchmark.support.words import counted

MOST_LINES = 6  # cells that are named


def headline_cells(test: pd.DataFrame, card: TaskCard) -> dict[str, int]:
    """Count the patients of every label and value of one attribute, the fewest first."""
    patients = test.drop_duplicates(["patient_id", "label", *(a.name for a in card.attributes)])
    counts = {
        f"{value}, {label}": int(((patients[a.name] == value) & (patients["label"] == label)).sum())
        for a in card.attributes
        for value, label in itertools.product(a.values, card.classes)
    }
    return dict(sorted(counts.items(), key=lambda cell: cell[1]))


def small_cells(test: pd.DataFrame, card: TaskCard) -> list[str]:
    """Say which headline cells of test are too small for a claim; nothing if all are large enough.

    test: patient_id, label and the attributes, in words, one row per image.
    """
    needed, cells = patients_needed(), headline_cells(test, card)
    small = {name: n for name, n in cells.items() if n < needed}
    if not small:
        return []
    lines = [
        f"Too few test patients for a claim about the worst group, in {len(small)} of {len(cells)} "
        f"cells. {needed} patients of a cell are needed to know its accuracy to within "
        f"{points_words(HALF_WIDTH)} (95 %); they show a difference of "
        f"{points_words(smallest_difference(needed))} between two methods (in four of five "
        f"studies, if the methods disagree on {DISAGREEMENT:.0%} of patients).",
        *(_line(name, n) for name, n in list(small.items())[:MOST_LINES]),
    ]
    if len(small) > MOST_LINES:
        lines.append(f"  ... and {len(small) - MOST_LINES} more.")
    return lines


def _line(name: str, n: int) -> str:
    if n == 0:
        return f"  {name}: nobody. Worst-group accuracy is undefined, for every method."
    unseen = points_words(smallest_difference(n))
    return (
        f"  {name}: {counted(n, 'patient')}, accuracy known to within "
        f"{points_words(half_width(n))}; differences below {unseen} stay unseen."
    )
