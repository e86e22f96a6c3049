"""What a large training balanced over all cells reaches in each cell of the test population.

docs/measurements/ceiling.py makes the file that is read here: its answers for the fixed test
population. Whoever changes that population makes the file anew; until then there is no ceiling.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.data import Source
from benchmark.api.scores import ScoreKey
from benchmark.api.variant import Variant
from benchmark.metrics.ceiling import cell_accuracies
from benchmark.support.cache import digest
from tasks.digital.cohort import POPULATION_SEED, PatientModel, draw_people, split_table


def read_ceiling(
    model: PatientModel, card: TaskCard, folder: Path, source: Source, variant: Variant
) -> dict[ScoreKey, float]:
    """Return the ceiling of every cell; {} where none was made for such test images.

    folder: the task's, where ceiling/SIZE.npz lies. Test populations of other sizes are drawn from
    the same cells, so that they have the same ceiling; other scanners have none.
    """
    path = ceiling_file(folder, source.image_size)
    if variant["site_shift"] != 0 or not path.is_file():
        return {}
    return dict(_ceilings(cast(Hashable, model), card, path, source.image_size))


def ceiling_file(folder: Path, image_size: int) -> Path:
    """Return where the answers for test images of this size lie, in pixels."""
    return folder / "ceiling" / f"{image_size}.npz"


def write_ceiling(
    path: Path, probability: np.ndarray, population: str, patients: int, steps: int
) -> None:
    """Write the probabilities of all classes but the first, (n, classes - 1), as float16."""
    path.parent.mkdir(exist_ok=True)
    later = probability[:, 1:].astype(np.float16)
    np.savez_compressed(
        path, probability=later, population=np.array(population), patients=patients, steps=steps
    )


def population_of(
    model: PatientModel, card: TaskCard, n: int, image_size: int
) -> tuple[pd.DataFrame, str]:
    """Return the table of the fixed test population of n patients, and what identifies it."""
    people, labels = draw_people("test", n, model, card, Variant(), POPULATION_SEED)
    table = split_table("test", card, people, labels, POPULATION_SEED)
    content = table.astype(str).to_numpy().tolist()
    return table, digest([card.name, card.version, model.version, image_size, content])


@cache
def _ceilings(model: Any, card: TaskCard, path: Path, image_size: int) -> dict[ScoreKey, float]:
    """Read the file once; model is a PatientModel, which as a protocol is not known to hash."""
    with np.load(path, allow_pickle=False) as content:
        later = content["probability"].astype(np.float64)
        made_for = str(content["population"])
    table, population = population_of(model, card, len(later), image_size)
    if population != made_for:
        return {}
    # One half is the balanced cut of these probabilities: see docs/measurements/ceiling.py.
    probability = np.column_stack([1 - later.sum(axis=1), later])
    return cell_accuracies(card, table, probability.argmax(axis=1))
