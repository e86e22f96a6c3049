import numpy as np
import pandas as pd
import pytest

from benchmark.metrics.predictions import check_predictions


def complaint(table, card):
    with pytest.raises(ValueError, match="cannot be scored") as caught:
        check_predictions(table, card)
    return str(caught.value)


def test_a_sound_table_passes(eight_rows, sex_card):
    check_predictions(eight_rows, sex_card)


def change(table, row, column, value):
    table = table.astype({column: object}) if isinstance(value, str) else table.copy()
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (5, "probability_1", 0.21, "do not sum to 1, worst sum 1.01 (e.g. image-05)"),
        (5, "probability_1", np.nan, "1 rows have NaN probabilities (e.g. image-05)"),
        (5, "probability_1", -0.1, "1 rows have probabilities outside 0 to 1 (e.g. image-05)"),
        (5, "image_id", "image-04", "1 rows repeat an image_id (e.g. image-04)"),
        (5, "patient_id", "patient-00", "1 patients are in val and in test, e.g. patient-00"),
        (5, "patient_id", None, "patient_id is empty in 1 rows (e.g. image-05)"),
        (5, "label", "sick", "label holds 'sick' (e.g. image-05). Allowed: well, ill."),
        (5, "sex", "F", "sex holds 'F' (e.g. image-05). Allowed: female, male."),
        (5, "split", "train", "split holds 'train' (e.g. image-05). Allowed: val, test, rec"),
    ],
)
def test_what_is_wrong_is_named(eight_rows, sex_card, row, column, value, said):
    assert said in complaint(change(eight_rows, row, column, value), sex_card)


def test_recruited_patients_may_be_there_and_are_nobody_else(eight_rows, sex_card):
    row = eight_rows.tail(1).assign(image_id="image-99", split="recruited")
    table = pd.concat([eight_rows, row.assign(patient_id="patient-99")], ignore_index=True)
    check_predictions(table, sex_card)
    table = pd.concat([eight_rows, row], ignore_index=True)
    assert "1 patients are in test and in recruited, e.g. patient-11" in complaint(table, sex_card)


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_split_without_rows_is_named(eight_rows, sex_card, split):
    rest = eight_rows[eight_rows["split"] != split]
    assert f"There are no {split} rows" in complaint(rest, sex_card)


def test_missing_columns_are_named_together(eight_rows, sex_card):
    table = eight_rows.drop(columns=["sex", "probability_1"])
    assert "Missing columns: sex, probability_1." in complaint(table, sex_card)


def test_a_probability_in_words_is_refused(eight_rows, sex_card):
    table = eight_rows.assign(probability_0="high")
    assert "no number" in complaint(table, sex_card)


def test_all_problems_come_at_once(eight_rows, sex_card):
    table = change(change(eight_rows, 5, "label", "sick"), 6, "probability_1", 0.5)
    said = complaint(table.drop(columns="patient_id"), sex_card)
    assert said.count("\n- ") == 3


def test_rounding_of_float32_is_no_problem(eight_rows, sex_card):
    narrow = eight_rows.astype({"probability_0": np.float32, "probability_1": np.float32})
    check_predictions(narrow, sex_card)
