"""Who is in a digital cohort, without an image: what the tables of a run are compared with."""

from __future__ import annotations

import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.data import Source
from benchmark.api.variant import Variant
from tasks.digital.cohort import (
    POPULATIONS,
    PatientModel,
    draw_people,
    drawing_seed,
    split_table,
)


def true_tables(
    model: PatientModel, card: TaskCard, source: Source, variant: Variant, seed: int
) -> dict[str, pd.DataFrame]:
    """Return the tables that load_splits would: val and, of the test populations, those there are.

    People are drawn before their images, so this takes a second where images take minutes.
    """
    tables = {}
    for split in ("val", *POPULATIONS):
        if n := getattr(source, split):
            drawn_by = drawing_seed(split, seed)
            people, labels = draw_people(split, n, model, card, variant, drawn_by)
            tables[split] = split_table(split, card, people, labels, drawn_by)
    return tables
