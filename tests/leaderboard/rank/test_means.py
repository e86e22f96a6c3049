import pytest

from benchmark.api.scores import Score, ScoreKey
from leaderboard.rank.means import Estimate, mean_over_seeds
from leaderboard.read.score_table import table_of

KEY = ScoreKey("auroc")


def mean_of(*scores, seeds=(0, 1)):
    tables = [table_of([Score(KEY, **score)]) for score in scores]
    return mean_over_seeds(tables, seeds)[KEY]


def test_a_mean_by_hand():
    first = {"value": 0.6, "n": 30, "positives": 10, "low": 0.5, "high": 0.7}
    second = {"value": 0.8, "n": 20, "positives": 12, "low": 0.7, "high": 1.0}
    found = mean_of(first, second)
    assert (found.n, found.positives, found.negatives, found.note) == (20, 10, 8, "")
    assert [found.value, found.low, found.high] == pytest.approx([0.7, 0.6, 0.85])


def test_undefined_in_one_seed_is_undefined_in_the_mean():
    found = mean_of(
        {"value": 0.6, "n": 10, "low": 0.5, "high": 0.7},
        {"value": None, "n": 9, "note": "no positives"},
        seeds=(4, 7),
    )
    assert found == Estimate(None, n=9, note="seed 7: no positives")


def test_an_interval_that_one_seed_has_lost_is_lost_with_its_reason():
    found = mean_of(
        {"value": 0.6, "n": 10, "low": 0.5, "high": 0.7},
        {"value": 0.8, "n": 9, "note": "no interval"},
    )
    assert (found.value, found.low, found.high) == (pytest.approx(0.7), None, None)
    assert found.note == "seed 1: no interval"


def test_labels_that_nobody_counted_stay_so():
    found = mean_of({"value": 0.6, "n": 10}, {"value": 0.6, "n": 10})
    assert (found.positives, found.negatives) == (None, None)
