"""Table cohorts that are refused: what is said, and that nothing is left behind."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmark.cohorts.checks import CohortError
from tests.benchmark.cohorts.exported_cohort import (
    CARD,
    SIZE,
    change,
    load,
    problems_of,
    set_cell,
)


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (4, "label", "hihg", "row 4, label: 'hihg'. Allowed: low, high. Did you mean 'high'?"),
        (4, "site", "N", "row 4, site: 'N'. Allowed: north, south. Did you mean 'north'?"),
        (4, "site", "63.5", "row 4, site: '63.5'. Allowed: north, south."),
        (4, "site", "n/a", "row 4, site: is empty."),
        (4, "split", "training", "row 4, split: 'training'. Allowed: train, val, test."),
        (4, "image_id", "train-00000", "row 4, image_id: 'train-00000' is taken by row 2."),
        (4, "image_1", "gone.png", "row 4, image_1: 'gone.png' does not exist."),
        (4, "image_1", "../a.png", "must be relative to the folder"),
        (4, "image_1", "/etc/a.png", "must be relative to the folder"),
        (4, "image_1", "images/train_00000_1.png", "is the picture of patient train-00000 (row 2)"),
        (4, "intensity", "other", "row 4, intensity: 'other'. Allowed: raw, unit."),
    ],
)
def test_one_wrong_cell_is_one_clear_problem(exported, row, column, value, message):
    _, folder = exported
    change(folder, set_cell(row, column, value))
    (problem,) = problems_of(folder)
    assert message in problem
    assert f"participants.tsv, row {row}, {column}" in problem


@pytest.mark.parametrize(("column", "value"), [("slice", "-1"), ("field_of_view_mm", "nan mm")])
def test_numbers_must_be_numbers(exported, column, value):
    _, folder = exported
    change(folder, lambda table: table.assign(**{column: ""}))
    change(folder, set_cell(5, column, value))
    (problem,) = problems_of(folder)
    assert problem.startswith(f"participants.tsv, row 5, {column}: {value!r}")


def test_a_patient_in_two_splits_is_named_with_both_rows(exported):
    _, folder = exported
    change(folder, set_cell(15, "patient_id", "train-00000"))
    (problem,) = problems_of(folder)
    assert "row 15, split: patient train-00000 is in val and in train (row 2)" in problem


def test_a_link_out_of_the_folder_is_refused(exported, tmp_path):
    _, folder = exported
    Image.fromarray(np.zeros((SIZE, SIZE), np.uint8)).save(tmp_path / "outside.png")
    (folder / "inside.png").symlink_to(tmp_path / "outside.png")
    change(folder, set_cell(2, "image_1", "inside.png"))
    (problem,) = problems_of(folder)
    assert "is a link out of the folder" in problem


def test_a_broken_link_to_the_images_is_one_problem_with_the_number_of_rows(exported, tmp_path):
    _, folder = exported
    (folder / "images").rename(tmp_path / "moved")
    (folder / "images").symlink_to(tmp_path / "gone")
    assert problems_of(folder) == [
        "participants.tsv, rows 2, 3, 4, ... (22 rows), image_1: its folder 'images' is a broken "
        "link; make it again, or copy the files into the folder."
    ]


def test_a_cohort_refused_while_it_is_read_leaves_nothing_in_the_cache(exported):
    _, folder = exported
    (folder / "images" / "train_00001_1.png").write_bytes(b"not a picture")
    problems = problems_of(folder)
    assert len(problems) == 1
    assert [path.name for path in (folder.parent / "cache").iterdir() if path.is_dir()] == []
    assert problems_of(folder) == problems  # nothing half-read is served the next time


def test_an_unreadable_image_and_a_wrong_mask_are_told_with_all_else(exported):
    _, folder = exported
    (folder / "images" / "train_00001_1.png").write_bytes(b"not a picture")
    Image.fromarray(np.full((SIZE, SIZE), 7, np.uint8)).save(folder / "masks/train_00002_1.png")
    change(folder, set_cell(5, "label", "hihg"))
    problems = problems_of(folder)
    assert len(problems) == 3
    assert "row 5, label" in problems[2]
    assert "row 3, image_1: images/train_00001_1.png cannot be read" in problems[0]
    assert (
        "row 4, mask_1: masks/train_00002_1.png holds 7. Allowed: 0 background, 1 blob."
        in problems[1]
    )


def test_missing_columns_are_named_together(exported):
    _, folder = exported
    change(folder, lambda table: table.drop(columns="image_1").rename(columns={"site": "sites"}))
    problems = problems_of(folder)
    assert problems[0] == "has no column 'site'. Rename 'sites'?"
    assert problems[1].startswith("has no column 'image', nor all of image_1 (picture)")


def test_a_card_with_more_channels_needs_them_all(exported):
    _, folder = exported
    change(folder, lambda table: table.rename(columns={"image_1": "image"}).drop(columns="mask_1"))
    card = dataclasses.replace(CARD, channels=("first", "second"))
    with pytest.raises(CohortError, match="holds 1 channels; 2 needed") as caught:
        load(folder, card)
    assert len(caught.value.problems) == 22


def test_a_class_missing_from_train_and_an_empty_split_are_refused(exported):
    _, folder = exported
    change(folder, lambda table: table.replace({"split": {"val": "test"}}))
    change(folder, lambda t: t.assign(label=t["label"].where(t["split"] != "train", "low")))
    problems = problems_of(folder)
    assert "val has no patients (22 rows in all)." in problems
    assert "train has no patient with label 'high': it cannot be learned." in problems


def test_a_long_list_is_cut_with_a_count(exported):
    _, folder = exported
    other = [f"other {row}" for row in range(22)]  # equal problems would be one line
    change(folder, lambda table: table.assign(label=other, site=other, split=other))
    with pytest.raises(CohortError, match=r"66 problems(?s:.)*\.\.\. and 16 more\."):
        load(folder)


@pytest.mark.parametrize("content", ["", "a\tb\n", "patient_id\tlabel\nx\ty\tz\tmore\n"])
def test_a_table_that_is_no_table_is_a_cohort_error(tmp_path, content):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "participants.tsv").write_text(content)
    with pytest.raises(CohortError):
        load(tmp_path / "c")


def test_a_folder_without_a_table_says_what_is_missing(tmp_path):
    with pytest.raises(CohortError, match=r"has no participants\.tsv"):
        load(tmp_path)
    with pytest.raises(CohortError, match="is not a folder"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("column", "hint"),
    [("Sites", " Rename 'Sites'?"), ("image_site", ""), ("split", "")],
)
def test_a_renaming_is_suggested_only_for_a_column_that_is_free(exported, column, hint):
    _, folder = exported
    change(folder, lambda table: table.drop(columns="split").rename(columns={"site": column}))
    assert problems_of(folder) == [f"has no column 'site'.{hint}"]


def test_commas_in_a_tsv_are_one_problem(exported):
    _, folder = exported
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table.to_csv(folder / "participants.tsv", index=False)
    (problem,) = problems_of(folder)
    assert problem.startswith("is one column wide: .tsv files have tabs between columns")
