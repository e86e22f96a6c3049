import numpy as np
import pytest

from benchmark.contracts import Score
from leaderboard.collect import collect
from leaderboard.estimates import mean_over_seeds
from leaderboard.rank import Gain, rank


@pytest.fixture(scope="module")
def standings(built):
    _, heart = collect(built.runs)
    return {s.row.name: s for s in rank(heart)}


def score(value, low=None, high=None, n=10, note=""):
    return Score("auroc", value, n, low=low, high=high, note=note)


def test_mean_over_seeds_by_hand():
    found = mean_over_seeds([score(0.6, 0.5, 0.7, 30), score(0.8, 0.7, 1.0, 20)], [0, 1])
    assert (found.value, found.n) == (pytest.approx(0.7), 20)
    assert (found.low, found.high) == (pytest.approx(0.6), pytest.approx(0.85))


def test_undefined_in_one_seed_is_undefined_in_the_mean():
    found = mean_over_seeds([score(0.6), score(None, note="no positives")], [4, 7])
    assert (found.value, found.note) == (None, "seed 7: no positives")


def test_controls_have_neither_place_nor_tier(standings):
    assert standings["oracle"].place is None
    assert standings["oracle"].tier is None


def test_missing_seed_keeps_a_row_out_of_the_tiers(standings):
    assert standings["class_resampling"].missing == (1,)
    assert standings["class_resampling"].tier is None
    assert standings["dfr"].tier is not None


def test_gain_is_difference_from_erm_on_common_seeds(standings):
    gain = standings["oracle"].gains[0]
    difference = standings["oracle"].headline.value - standings["erm"].headline.value
    assert (gain.over, gain.seeds) == ("erm", 2)
    assert gain.difference == pytest.approx(difference)
    assert standings["class_resampling"].gains[0].seeds == 1


def test_erm_has_no_gain_over_itself(standings):
    assert [gain.over for gain in standings["erm"].gains] == ["erm_same_compute"]


def test_one_answer_for_everybody_levels_down(standings):
    assert standings["majority_class"].levelling_down == ("Sex", "Age", "Body mass index")
    assert standings["oracle"].levelling_down == ()


def test_worst_cell_has_the_lowest_accuracy(standings):
    erm = standings["erm"]
    cells = [
        e.value
        for (metric, attribute, _, _), e in erm.estimates.items()
        if metric == "cell_accuracy" and attribute in ("sex", "age_band", "bmi_band")
    ]
    assert len(cells) == 16
    assert erm.estimates[erm.worst_cell].value == min(cells)


@pytest.mark.parametrize(
    ("difference", "p_value", "words"),
    [
        (0.1, 0.01, "better than ERM"),
        (-0.1, 0.01, "worse than ERM"),
        (0.1, 0.2, "no evidence of better than ERM"),
        (0.1, np.nan, "cannot be compared with ERM"),
    ],
)
def test_verdicts(difference, p_value, words):
    assert Gain("erm", difference, 0.0, 0.2, p_value, 2).verdict == words
