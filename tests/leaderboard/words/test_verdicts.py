import pytest

from benchmark.metrics.comparisons import Claim, Gain
from leaderboard.words.verdicts import (
    gain_words,
    headroom_words,
    percent_points,
    probability_words,
    verdict_words,
)

NAN = float("nan")


def gain(difference=0.011, low=-0.012, high=0.034, p_value=0.32, seeds=3):
    return Gain(difference, low, high, p_value, seeds, q_value=p_value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "not significantly different from ERM"),
        ({"low": 0.01}, "significantly better than ERM"),
        ({"high": -0.01, "difference": -0.1}, "significantly worse than ERM"),
        ({"seeds": 1}, "no verdict (one seed) against ERM"),
        ({"low": NAN, "high": NAN}, "cannot be compared with ERM"),
    ],
)
def test_a_verdict_is_said_in_the_usual_words(values, words):
    assert verdict_words(gain(**values), "erm") == words


def test_a_verdict_names_the_row_compared_with():
    words = verdict_words(gain(), "erm_same_compute")
    assert words == "not significantly different from ERM trained longer"


def test_a_gain_is_said_with_interval_p_value_and_seeds():
    assert gain_words(gain(), "erm") == (
        "+1.1 percentage points: not significantly different from ERM (simultaneous 95 % CI "
        "−1.2 to +3.4 points, p = 0.320 adjusted for all methods, q = 0.320, 3 shared seeds)."
    )


def test_a_claim_is_not_adjusted():
    claim = Claim(0.02, 0.01, 0.03, 0.004, 5, "duplicate_real")
    assert gain_words(claim, "duplicate_real") == (
        "+2.0 percentage points: significantly better than duplicate_real (95 % CI +1.0 to +3.0 "
        "points, p = 0.004, not adjusted for other rows, 5 shared seeds)."
    )


def test_a_gain_of_one_seed_says_what_its_interval_covers():
    assert "95 % CI −1.2 to +3.4 points, over test patients only" in gain_words(
        gain(p_value=NAN, seeds=1), "erm"
    )


def test_a_gain_without_interval_says_why():
    assert "undefined in too many resamples" in gain_words(
        gain(low=NAN, high=NAN, p_value=NAN), "erm"
    )


@pytest.mark.parametrize(
    ("value", "words"), [(0.0423, "+4.2"), (-0.2, "−20.0"), (0.0004, "0.0"), (-0.0004, "0.0")]
)
def test_points_have_a_sign_unless_they_round_to_nothing(value, words):
    assert percent_points(value) == words


@pytest.mark.parametrize(("share", "words"), [(0.42, "42 %"), (-0.3, "−30 %"), (-0.001, "0 %")])
def test_headroom_is_a_whole_percentage(share, words):
    assert headroom_words(share).startswith(f"{words} of the headroom")


@pytest.mark.parametrize(
    ("value", "words"), [(0.32, "p = 0.320"), (0.0005, "p = 0.001"), (1e-9, "p < 0.001")]
)
def test_no_probability_is_said_to_be_0(value, words):
    assert probability_words("p", value) == words
