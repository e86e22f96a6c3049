import numpy as np
import pytest
from PIL import Image

from benchmark.api.data import Source
from benchmark.cohorts.checks import cell_counts
from benchmark.cohorts.facts import own_patients
from benchmark.cohorts.preview import COLOURS, preview_sheet, write_pictures
from benchmark.cohorts.toy import toy_task
from benchmark.records.cohort import read_cohort_record

TASK = toy_task(3, 2)
SPLITS = TASK.load(
    Source(image_size=16, train=60, val=10, test=8), TASK.knobs.variant(severity=0), 0
)


def test_a_digital_cohort_shows_one_picture_per_value_and_label(tmp_path):
    write_pictures(SPLITS, TASK.card, tmp_path / "cohort", TASK.digital)
    record = read_cohort_record(tmp_path / "cohort")
    assert (record.card, record.facts) == (TASK.card, TASK.digital)
    assert list(record.counts) == cell_counts(SPLITS, TASK.card).to_dict("records")
    shown = [(p.attribute, p.value, p.label) for p in record.pictures]
    assert sorted(shown) == sorted(
        ("site", site, label) for site in ("north", "south", "east") for label in ("low", "high")
    )
    for picture in record.pictures:
        with Image.open(tmp_path / "cohort" / picture.file) as image:
            assert (image.size, image.mode) == ((32, 32), "L")


def test_no_image_of_a_patient_leaves_a_table_cohort(tmp_path):
    write_pictures(SPLITS, TASK.card, tmp_path / "cohort", own_patients(tmp_path))
    assert [p.name for p in (tmp_path / "cohort").iterdir()] == ["cohort.json"]
    assert read_cohort_record(tmp_path / "cohort").pictures == ()


def test_an_earlier_folder_is_replaced_whole(tmp_path):
    write_pictures(SPLITS, TASK.card, tmp_path / "cohort", TASK.digital)
    write_pictures(SPLITS, TASK.card, tmp_path / "cohort", own_patients(tmp_path))
    assert [p.name for p in tmp_path.rglob("*")] == ["cohort", "cohort.json"]


@pytest.mark.parametrize("with_masks", [True, False])
def test_outlines_are_on_the_sheet_only_when_asked_for(tmp_path, with_masks):
    preview_sheet(SPLITS, TASK.card, tmp_path / "sheet.png", with_masks=with_masks)
    with Image.open(tmp_path / "sheet.png") as image:
        pixels = np.asarray(image)
    outlined = (pixels == COLOURS[0]).all(axis=-1).sum()
    assert (outlined > 1000) == with_masks
