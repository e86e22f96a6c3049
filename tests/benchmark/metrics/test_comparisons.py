import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics.comparisons import Gain, compare, gains_over, headroom, holm, levels_down
from benchmark.metrics.seed_means import seed_interval


def test_pairing_finds_a_difference_that_the_intervals_hide(row):
    a, b = row([0.80, 0.80], spread=0.05), row([0.78, 0.78], spread=0.05)
    assert seed_interval(a)[1] < seed_interval(b)[2]
    assert compare(a, b).p_value < 0.001


def test_a_row_does_not_differ_from_itself(row):
    found = compare(row([0.8, 0.7]), row([0.8, 0.7]))
    assert (found.difference, found.p_value) == (0, 1)


def test_the_difference_is_a_minus_b(row):
    found = compare(row([0.8, 0.8], seed=1), row([0.7, 0.7], seed=2))
    assert found.difference == pytest.approx(0.1)


def test_rows_of_other_seeds_are_refused(row):
    with pytest.raises(ValueError, match=r"\(2, 201\) and \(3, 201\) cannot be paired"):
        compare(row([0.8] * 2), row([0.8] * 3))


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=4), st.integers(0, 50))
@settings(deadline=None, max_examples=60)
def test_p_value_and_interval_say_the_same(row, differences, seed):
    a, b = row([0.5 + d for d in differences], seed=seed), row([0.5] * len(differences), seed=99)
    found = compare(a, b)
    assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_stops_at_one():
    assert holm(np.array([0.6, 0.9])).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("groups", "reference", "expected"),
    [
        ([0.80, 0.78], [0.90, 0.78], True),  # the gap closed by the fall alone
        ([0.90, 0.88], [0.90, 0.78], False),  # by the rise alone
        ([0.85, 0.82], [0.90, 0.80], True),  # by 0.05 of fall and 0.02 of rise
        ([0.88, 0.84], [0.90, 0.80], False),  # by 0.02 of fall and 0.04 of rise
        ([0.80, 0.68], [0.90, 0.78], False),  # all fell alike: worse, but no gap closed
        ([0.895, 0.80], [0.90, 0.80], False),  # a fall within the margin
        ([0.70, 0.75, 0.72], [0.90, 0.75, 0.80], True),  # three groups, the worst fell as well
    ],
)
def test_levelling_down_by_hand(groups, reference, expected):
    assert levels_down(np.array(groups), np.array(reference)) is expected


def test_levelling_down_of_an_undefined_group_is_unknown():
    assert levels_down(np.array([0.8, np.nan]), np.array([0.9, 0.8])) is None


def test_holm_leaves_out_what_is_undefined():
    assert holm(np.array([0.01, np.nan, 0.03])) == pytest.approx([0.02, np.nan, 0.03], nan_ok=True)


def runs(draws):
    return dict(enumerate(draws))


def test_gains_are_adjusted_for_the_number_of_rows_compared(row):
    plain = row([0.7, 0.7, 0.7])
    rows = {"a": row([0.72, 0.71, 0.73], seed=1), "b": row([0.7, 0.71, 0.7], seed=2)}
    found = gains_over(runs(plain), {name: runs(draws) for name, draws in rows.items()})
    single = {name: compare(draws, plain).p_value for name, draws in rows.items()}
    assert found["a"].p_value == pytest.approx(2 * min(single.values()))
    assert found["b"].p_value == pytest.approx(max(single.values()))
    assert found["a"].difference == pytest.approx(0.02)


def test_gains_are_measured_on_shared_runs_only(row):
    plain, own = row([0.6, 0.7, 0.8]), row([0.9, 0.9, 0.9], seed=1)
    found = gains_over(runs(plain), {"a": {2: own[2], 7: own[0]}, "b": {7: own[0]}})
    assert (found["a"].difference, found["a"].seeds) == (pytest.approx(0.1), 1)
    assert "b" not in found


@pytest.mark.parametrize(
    ("difference", "p_value", "seeds", "verdict"),
    [
        (0.1, 0.01, 2, "better"),
        (-0.1, 0.01, 2, "worse"),
        (0.1, 0.05, 2, "not significant"),
        (0.1, np.nan, 2, "undefined"),
        (0.1, 0.01, 1, "one seed"),
    ],
)
def test_verdicts(difference, p_value, seeds, verdict):
    assert Gain(difference, 0.0, 0.2, p_value, seeds).verdict == verdict


def test_headroom_by_hand():
    """On runs 1 and 2 plain training has 0.6, the row 0.7 and the oracle 0.8: half the way."""
    row = {1: 0.65, 2: 0.75, 3: 0.1}
    assert headroom(row, {1: 0.5, 2: 0.7}, {1: 0.8, 2: 0.8, 4: 0.0}) == pytest.approx(0.5)


def test_there_is_no_headroom_where_the_oracle_is_no_better():
    assert headroom({1: 0.7}, {1: 0.8}, {1: 0.8}) is None


def test_there_is_no_headroom_without_shared_runs():
    assert headroom({1: 0.7}, {1: 0.6}, {2: 0.8}) is None
