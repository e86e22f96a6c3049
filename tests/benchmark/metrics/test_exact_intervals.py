import pandas as pd
import pytest

from benchmark.metrics.scoring import score_predictions
from tests.benchmark.metrics.found_scores import find

IDS = ("image_id", "patient_id")


@pytest.fixture
def forty_rows(eight_rows):
    """Five times the eight test patients: ten of each cell, so that each is redrawn alone."""
    val, test = (eight_rows[eight_rows["split"] == name] for name in ("val", "test"))
    copies = [test.assign(**{c: f"{k}-" + test[c] for c in IDS}) for k in range(5)]
    return pd.concat([val, *copies], ignore_index=True)


def test_a_cell_that_is_all_right_has_the_exact_interval(forty_rows, sex_card):
    """All 10 ill men are right: the share may be 0.025 ** (1 / 10) or more."""
    scores = score_predictions(forty_rows, sex_card, resamples=20).scores
    found = find(scores, "cell_accuracy", "sex", "male", "ill")
    assert (found.low, found.high) == (pytest.approx(0.025**0.1), 1.0)


def test_images_of_one_patient_count_as_one_patient(forty_rows, sex_card):
    ill_men = (forty_rows[["split", "sex", "label"]] == ["test", "male", "ill"]).all(axis=1)
    one = forty_rows.assign(patient_id=forty_rows["patient_id"].mask(ill_men, "same"))
    scores = score_predictions(one, sex_card, resamples=20).scores
    assert find(scores, "cell_accuracy", "sex", "male", "ill").low == pytest.approx(0.025)


def test_a_value_that_never_varies_and_is_no_share_has_no_interval(forty_rows, sex_card):
    scores = score_predictions(forty_rows, sex_card, resamples=20).scores
    found = find(scores, "equalized_odds_difference", "sex")
    assert found.low is not None
    right = forty_rows.assign(probability_1=(forty_rows["label"] == "ill") * 0.8 + 0.1)
    right = right.assign(probability_0=1 - right["probability_1"])
    scores = score_predictions(right, sex_card, resamples=20).scores
    found = find(scores, "auroc", "sex", "female")
    assert (found.value, found.low) == (1.0, None)
    assert found.note == "no interval: all resamples gave the same value"
    assert find(scores, "equalized_odds_difference", "sex").low is None
