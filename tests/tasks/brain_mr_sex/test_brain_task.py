from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.api.data import Source, Splits
from benchmark.api.protocols import DigitalTask
from benchmark.presets.load import load_preset
from tasks.brain_mr_sex.task import BrainMrSex
from tasks.digital.cohort import balanced_requests, read_truth

TASK = BrainMrSex()


def small(cache: Path) -> Source:
    return Source(image_size=32, train=24, val=12, test=36, recruited=20, cache=cache)


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    return TASK.load(small(tmp_path_factory.mktemp("cache")), TASK.knobs.variant(), 3)


def test_test_split_holds_every_cell_equally_often(splits: Splits) -> None:
    cells, n = TASK.card.encode_cells(splits.test.table)
    assert np.bincount(cells, minlength=n).tolist() == [2] * 18


@pytest.mark.parametrize("preset", ["quick", "standard", "paper"])
def test_test_holds_1000_of_every_label_and_value(preset: str) -> None:
    requests = balanced_requests(TASK.card, load_preset(preset).source.test)
    assert requests.value_counts().tolist() == [500] * 18  # a label and a band: three of the other


def test_training_table_is_made_of_declared_words(splits: Splits) -> None:
    cells, _ = TASK.card.encode_cells(splits.train.table)
    assert len(cells) == 24


def test_site_shift_touches_the_test_split_only(tmp_path: Path, splits: Splits) -> None:
    shifted = TASK.load(small(tmp_path), TASK.knobs.variant(site_shift=1.0), 3)
    assert np.array_equal(shifted.train.images, splits.train.images)
    assert np.array_equal(shifted.val.images, splits.val.images)
    assert np.array_equal(shifted.test.masks, splits.test.masks)
    assert not np.array_equal(shifted.test.images, splits.test.images)


def test_seed_changes_the_people(tmp_path: Path, splits: Splits) -> None:
    other = TASK.load(small(tmp_path), TASK.knobs.variant(), 4)
    assert not np.array_equal(other.train.images, splits.train.images)


def test_new_patients_come_in_the_asked_order(tmp_path: Path) -> None:
    requests = balanced_requests(TASK.card, 18).iloc[::-1]
    new = TASK.new_patients(requests, small(tmp_path), 0)
    asked = requests.reset_index(drop=True)
    pd.testing.assert_frame_equal(new.table[list(asked)], asked, check_dtype=False)
    assert isinstance(TASK, DigitalTask)


def test_truth_is_kept_for_validation_only(tmp_path: Path) -> None:
    TASK.load(small(tmp_path), TASK.knobs.variant(), 3)
    truth = read_truth(next(tmp_path.rglob("test/truth.parquet")).parent)
    assert {"age", "icv", "ventricle_volume", "mode frontal width", "level"} <= set(truth)


def test_prompt_says_what_the_row_holds() -> None:
    row = {"label": "female", "age_band": "45 to 64", "volume_band": "large brain"}
    assert TASK.prompt(row) == (
        "Axial T1-weighted brain MR image of a woman, age 45 to 64, large brain"
    )


def test_prompt_is_neutral_where_the_row_is_silent() -> None:
    assert TASK.prompt({}) == "Axial T1-weighted brain MR image of a person"
    assert TASK.prompt({"label": "male"}) == "Axial T1-weighted brain MR image of a man"
