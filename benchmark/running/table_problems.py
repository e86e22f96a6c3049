"""Where a run's table is not that of its cohort: patients who are not there, and other words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from benchmark.api.card import TaskCard

Tables = Mapping[str, pd.DataFrame]  # of the splits that a run predicts, by their names


def columns_of(card: TaskCard) -> list[str]:
    """Return what is compared: the ids, the split, the label and all attributes."""
    return ["image_id", "patient_id", "split", "label", *(a.name for a in card.attributes)]


def id_problems(table: pd.DataFrame, truth: Tables) -> list[str]:
    """Name splits and images that the cohort does not have, and patients that are left out.

    table: the columns of columns_of. truth: the same, one table per split.
    """
    found = table["split"].astype(str)
    problems = [
        f"split {name!r} is none of this cohort ({', '.join(truth)})"
        for name in sorted(set(found) - set(truth))
    ]
    for name, true in truth.items():
        ids = pd.Index(table["image_id"][found == name].astype(str))
        known = pd.Index(true["image_id"].astype(str))
        counted = {
            "images are not in the cohort": len(ids.difference(known)),
            f"of {len(known)} images are left out": len(known.difference(ids)),
        }
        problems += [f"{name}: {n} {what}" for what, n in counted.items() if n]
    return problems


def word_problems(table: pd.DataFrame, truth: Tables, card: TaskCard) -> list[str]:
    """Say where patients of the cohort are there twice or have other labels or attributes.

    table and truth: as for id_problems.
    """
    found, problems = table["split"].astype(str), []
    for name, true in truth.items():
        ids = pd.Index(true["image_id"].astype(str))
        problems += _of_split(name, table[found == name], true.set_axis(ids), card)
    return problems


def _of_split(name: str, rows: pd.DataFrame, true: pd.DataFrame, card: TaskCard) -> list[str]:
    ids = pd.Index(rows["image_id"].astype(str))
    twice = int(ids.duplicated().sum())
    problems = [f"{name}: {twice} images are there twice"] if twice else []
    both = ids[~ids.duplicated()].intersection(true.index)
    own, true = rows.set_axis(ids)[~ids.duplicated()].loc[both], true.loc[both]
    for column in columns_of(card):
        if column in ("image_id", "split"):
            continue
        if column not in own:
            problems.append(f"{name} has no column {column}")
        elif n := int((own[column].astype(str) != true[column].astype(str)).sum()):
            problems.append(f"{name}: {column} differs from the cohort's for {n} of {len(both)}")
    return problems
