"""How much a test split can show: which headline cells are too small for a claim, and by how much.

A headline cell is a label and a value of one attribute: the worst group is the worst of them. The
formulas are those of a binomial share, with the normal approximation, at an accuracy of one half,
where the error is largest.
"""

from __future__ import annotations

import itertools
import math

import pandas as pd

from benchmark.api.card import TaskCard

CONFIDENCE = 1.96  # standard errors to either side of a 95 % interval
POWER = 0.84  # standard errors more, so that four in five studies find a difference of this size
HALF_WIDTH = 0.05  # of the 95 % interval of a cell's accuracy: wider is no claim (design choice)
DISAGREEMENT = 0.25  # share of a cell's patients that two methods answer differently (assumption)
MOST_LINES = 6  # cells that are named


def half_width(n: int) -> float:
    """Return half the width of the 95 % interval of an accuracy of one half over n patients."""
    return CONFIDENCE * math.sqrt(0.25 / n)


def smallest_difference(n: int) -> float:
    """Return the difference of two methods' accuracies that n patients show four times in five.

    Both methods answer for the same patients: where a share d gets different answers, the standard
    error of the difference is about sqrt(d / n).
    """
    return (CONFIDENCE + POWER) * math.sqrt(DISAGREEMENT / n)


def patients_needed() -> int:
    """Return how many patients of a cell give a half-width of HALF_WIDTH."""
    return math.ceil(0.25 * (CONFIDENCE / HALF_WIDTH) ** 2)


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
        f"{_points(HALF_WIDTH)} (95 %); they show a difference of "
        f"{_points(smallest_difference(needed))} between two methods (in four of five studies, if "
        f"the methods disagree on {DISAGREEMENT:.0%} of patients).",
        *(_line(name, n) for name, n in list(small.items())[:MOST_LINES]),
    ]
    if len(small) > MOST_LINES:
        lines.append(f"  ... and {len(small) - MOST_LINES} more.")
    return lines


def _line(name: str, n: int) -> str:
    if n == 0:
        return f"  {name}: nobody. Worst-group accuracy is undefined, for every method."
    unseen = _points(smallest_difference(n))
    return (
        f"  {name}: {n} patient{'s' if n > 1 else ''}, accuracy known to within "
        f"{_points(half_width(n))}; differences below {unseen} stay unseen."
    )


def _points(share: float) -> str:
    """Write a share of at most one in percentage points."""
    return f"{min(100, 100 * share):.0f} points"
