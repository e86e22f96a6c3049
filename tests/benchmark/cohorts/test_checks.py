import dataclasses

import numpy as np
import pytest

from benchmark.api.data import Source, Split, Splits
from benchmark.cohorts.checks import CohortError, cell_counts, check_splits
from benchmark.cohorts.toy import toy_task

TASK = toy_task(2, 2)
CARD = TASK.card


@pytest.fixture
def splits() -> Splits:
    return TASK.load(Source(image_size=16, train=40, val=10, test=8), TASK.knobs.variant(), 0)


def with_train(splits: Splits, **changes) -> Splits:
    return dataclasses.replace(splits, train=dataclasses.replace(splits.train, **changes))


def with_cell(splits: Splits, row: int, column: str, value: str) -> Splits:
    table = splits.train.table.copy()
    table.loc[row, column] = value
    return with_train(splits, table=table)


def problems_of(splits: Splits) -> list[str]:
    with pytest.raises(CohortError) as caught:
        check_splits(splits, CARD)
    return caught.value.problems


def test_a_good_cohort_passes(splits):
    check_splits(splits, CARD)


def test_a_patient_in_two_splits_is_named_with_both_rows(splits):
    assert problems_of(with_cell(splits, 7, "patient_id", "test-00003")) == [
        "patient test-00003 is in train (row 7) and in test (row 3). "
        "A patient may be in one split only."
    ]


def test_a_patient_may_have_two_images_in_one_split(splits):
    check_splits(with_cell(splits, 7, "patient_id", "train-00003"), CARD)


def test_image_ids_are_unique_even_within_a_split(splits):
    (problem,) = problems_of(with_cell(splits, 7, "image_id", "train-00003"))
    assert problem.startswith("image train-00003 is in train (row 3) and in train (row 7).")


@pytest.mark.parametrize(("column", "allowed"), [("label", "low, high"), ("site", "north, south")])
def test_an_undeclared_word_is_named_with_its_row(splits, column, allowed):
    assert problems_of(with_cell(splits, 7, column, "up")) == [
        f"train: {column} is 'up' in 1 rows, the first is row 7. Allowed: {allowed}."
    ]


@pytest.mark.parametrize("value", [np.nan, -0.01, 1.01])
def test_images_lie_between_0_and_1_in_every_block(splits, value, monkeypatch):
    monkeypatch.setattr("benchmark.cohorts.checks.BLOCK", 16)
    images = splits.train.images.copy()
    images[35, 0, 3, 3] = value
    assert problems_of(with_train(splits, images=images)) == [
        "train: 1 images hold NaN or values outside 0 to 1: rows 35."
    ]


def test_masks_hold_declared_labels_only(splits):
    masks = splits.train.masks.copy()
    masks[[2, 20], 0, 3, 3] = 2
    assert problems_of(with_train(splits, masks=masks)) == [
        "train: 2 masks hold other values: rows 2, 20. Allowed: 0 background, 1 blob."
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {"images": s.images.astype(np.float64)}, "images are float64; float32"),
        (lambda s: {"masks": s.masks.astype(np.int64)}, "masks are int64; uint8"),
        (lambda s: {"images": s.images[:-1]}, "images have shape (39, 1, 16, 16)"),
        (lambda s: {"masks": s.masks[..., :8]}, "masks have shape (40, 1, 16, 8)"),
        (lambda s: {"table": s.table.drop(columns="site")}, "train has no column 'site'."),
    ],
)
def test_shapes_types_and_columns(splits, change, message):
    assert any(
        message in problem for problem in problems_of(with_train(splits, **change(splits.train)))
    )


def test_a_class_that_train_lacks_is_named(splits):
    low = np.flatnonzero(splits.train.table["label"] == "low")
    lacking = dataclasses.replace(splits, train=splits.train.take(low))
    assert problems_of(lacking) == ["train has no image of 'high': it cannot be learned."]


def test_an_empty_split_is_named(splits):
    empty: Split = splits.val.take(np.arange(0))
    assert problems_of(dataclasses.replace(splits, val=empty)) == [
        "val is empty. Every split needs patients."
    ]


def test_all_problems_come_at_once(splits):
    broken = with_cell(with_cell(splits, 1, "label", "up"), 2, "patient_id", "val-00000")
    assert len(problems_of(broken)) == 2


def test_counts_add_up_and_name_empty_cells(splits):
    table = splits.train.table.assign(label="low", site="north")
    counts = cell_counts(with_train(splits, table=table), CARD)
    assert list(counts.columns) == ["split", "label", "site", "n"]
    assert len(counts) == 3 * 4
    assert counts[counts["split"] == "train"]["n"].tolist() == [40, 0, 0, 0]
    assert counts.groupby("split")["n"].sum().to_dict() == {"train": 40, "val": 10, "test": 8}
