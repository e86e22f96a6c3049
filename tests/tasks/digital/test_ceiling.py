"""The ceiling of a digital task: read for the population that it was made for, and no other."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmark.api.data import Source
from benchmark.api.scores import ScoreKey
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.presets.load import load_preset
from tasks.cmr_heart_failure.task import CmrHeartFailure
from tasks.digital.ceiling import ceiling_file, population_of, read_ceiling, write_ceiling

CARD, KNOBS = CmrHeartFailure.card, CmrHeartFailure.knobs
SOURCE, USUAL = Source(image_size=8), KNOBS.variant()
N = 48  # two patients a cell


@dataclass(frozen=True)
class People:
    """A model that is asked who is in test, and for nothing else."""

    version: int = 1

    def requested_people(self, requests, rng):
        return requests.copy()


@pytest.fixture
def folder(tmp_path):
    """Answers that are right for all but obese people with heart failure."""
    table, population = population_of(People(), CARD, N, SOURCE.image_size)
    positive = (table["label"] == "heart failure") & (table["bmi_band"] != "obese")
    later = np.where(positive, 0.9, 0.2)
    path = ceiling_file(tmp_path, SOURCE.image_size)
    write_ceiling(path, np.column_stack([1 - later, later]), population, patients=7, steps=3)
    return tmp_path


def test_every_cell_has_the_share_of_right_answers(folder):
    found = read_ceiling(People(), CARD, folder, SOURCE, USUAL)
    wrong = {key for key, share in found.items() if share == 0}
    obese = [k for k in found if "obese" in k.values and k.label == "heart failure"]
    assert wrong == set(obese) and len(obese) == 3  # alone, and with either sex
    # 24 patients of either sex have heart failure in two of three BMI bands: 8 of 12 are found.
    assert found[ScoreKey("cell_accuracy", ("sex",), ("female",), "heart failure")] == 8 / 12
    assert len(found) == 2 * (2 + 2 + 3 + 6)


@pytest.mark.parametrize(
    ("model", "source", "variant"),
    [
        (People(version=2), SOURCE, USUAL),
        (People(), replace(SOURCE, image_size=16), USUAL),
        (People(), SOURCE, KNOBS.variant(site_shift=1)),
    ],
    ids=["another version", "another image size", "another scanner"],
)
def test_other_test_images_have_no_ceiling(folder, model, source, variant):
    assert read_ceiling(model, CARD, folder, source, variant) == {}


def test_the_bias_of_train_and_the_number_of_test_patients_change_no_ceiling(folder):
    found = read_ceiling(People(), CARD, folder, SOURCE, USUAL)
    other = replace(SOURCE, test=24)
    assert read_ceiling(People(), CARD, folder, other, KNOBS.variant(severity=0)) == found


@pytest.mark.parametrize("name", ["brain_mr_sex", "cmr_heart_failure"])
def test_the_ceiling_that_is_kept_was_made_for_the_test_population_of_today(name):
    task = load_task(find_tasks()[name])
    sizes = load_preset("quick").source
    source = Source(image_size=sizes.image_size, test=sizes.test)
    found = task.ceiling(source, task.knobs.variant())
    assert found, f"make it anew: python docs/measurements/ceiling.py {name}"
    alone = [share for key, share in found.items() if len(key.attributes) == 1]
    assert len(alone) == 2 * sum(len(a.values) for a in task.card.attributes)
    assert min(alone) > 0.75 and max(alone) < 1
