"""The task from outside: splits, knobs, prompts, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from benchmark.api.data import Source
from benchmark.api.protocols import DigitalTask
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_task
from benchmark.presets.load import load_preset
from tasks.cmr_heart_failure.task import CmrHeartFailure

TASK = CmrHeartFailure()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return Source(image_size=24, train=60, val=20, test=48, recruited=40, cache=cache)


@pytest.fixture(scope="module")
def splits(source):
    return TASK.load(source, TASK.knobs.variant(), seed=0)


def test_the_registry_finds_it():
    assert isinstance(load_task(locate("cmr_heart_failure", "task")), DigitalTask)


def test_sizes_and_columns(splits):
    assert (len(splits.train), len(splits.val), len(splits.test)) == (60, 20, 48)
    columns = ["image_id", "patient_id", "label", "sex", "age_band", "bmi_band"]
    assert list(splits.train.table) == columns
    assert splits.train.images.shape == (60, 2, 24, 24)


def test_no_patient_is_in_two_splits(splits):
    patients = pd.concat([split.table["patient_id"] for split in splits.parts().values()])
    assert patients.is_unique


def test_every_cell_of_the_test_split_is_equally_full(splits):
    cells, count = TASK.card.encode_cells(splits.test.table)
    assert count == 24
    assert (np.bincount(cells, minlength=24) == 2).all()


@pytest.mark.parametrize("preset", ["quick", "standard", "paper"])
def test_test_holds_1000_of_every_label_and_value(preset):
    per_cell = -(-load_preset(preset).source.test // 24)
    assert per_cell * 2 * 2 >= 1000  # a label and a BMI band: two sexes, two age bands


def test_train_has_a_quarter_of_heart_failure(splits):
    assert (splits.train.table["label"] == "heart failure").sum() == 15


def test_site_shift_changes_only_the_test_images(source, splits):
    shifted = TASK.load(source, TASK.knobs.variant(site_shift=1), seed=0)
    assert np.array_equal(shifted.train.images, splits.train.images)
    assert np.array_equal(shifted.val.images, splits.val.images)
    assert np.array_equal(shifted.test.masks, splits.test.masks)
    assert not np.allclose(shifted.test.images, splits.test.images, atol=0.02)


def test_the_recruited_are_drawn_as_train_is_and_imaged_as_test_is(source, splits):
    assert (splits.recruited.table["label"] == "heart failure").sum() == 10  # a quarter of 40
    shifted = TASK.load(source, TASK.knobs.variant(site_shift=1), seed=0)
    assert shifted.recruited.table.equals(splits.recruited.table)
    assert not np.allclose(shifted.recruited.images, splits.recruited.images, atol=0.02)


def test_label_noise_flips_an_exact_share_of_labels_and_no_image(source, splits):
    noisy = TASK.load(source, TASK.knobs.variant(label_noise=0.1), seed=0)
    for split, flipped in (("train", 6), ("val", 2), ("test", 0)):
        clean, other = getattr(splits, split), getattr(noisy, split)
        assert (clean.table["label"] != other.table["label"]).sum() == flipped
    assert np.array_equal(noisy.train.masks, splits.train.masks)


def test_another_seed_is_another_cohort(source, splits):
    other = TASK.load(source, TASK.knobs.variant(), seed=1)
    assert not np.allclose(other.train.images, splits.train.images, atol=0.1)
    assert other.fingerprint != splits.fingerprint


def test_new_patients_are_as_requested(source):
    requests = TASK.load(source, TASK.knobs.variant(), seed=0).test.table.head(5)
    new = TASK.new_patients(requests, source, seed=3)
    columns = ["label", "sex", "age_band", "bmi_band"]
    assert (new.table[columns].to_numpy() == requests[columns].to_numpy()).all()
    assert not set(new.table["patient_id"]) & set(requests["patient_id"])


ROW = {
    "sex": "female",
    "age_band": "under 65",
    "bmi_band": "obese",
    "label": "heart failure",
}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (ROW, "Female, age under 65, obese BMI, heart failure"),
        (ROW | {"age": 63.9}, "Female, age in 60s, obese BMI, heart failure"),
        (ROW | {"age": float("nan")}, "Female, age under 65, obese BMI, heart failure"),
        (ROW | {"bmi_band": "normal weight"}, "Female, age under 65, normal BMI, heart failure"),
        (ROW | {"label": "no heart failure"}, "Female, age under 65, obese BMI, no heart failure"),
    ],
)
def test_prompt(row, sentence):
    assert TASK.prompt(row) == sentence
