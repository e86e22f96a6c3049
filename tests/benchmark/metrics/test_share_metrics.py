"""Mixes of groups, worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics.share_metrics import (
    better_than_chance,
    by_chance,
    corrected,
    divergence,
    share_by_means,
    total_variation,
    wilson,
)


def test_for_two_groups_total_variation_is_the_difference_of_a_share():
    assert total_variation(np.array([0.8, 0.2]), np.array([0.5, 0.5])) == pytest.approx(0.3)


def test_divergence_by_hand_and_where_a_share_is_zero():
    by_hand = 0.8 * math.log(1.6) + 0.2 * math.log(0.4)
    assert divergence(np.array([0.8, 0.2]), np.array([0.5, 0.5])) == pytest.approx(by_hand)
    assert divergence(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == pytest.approx(math.log(2))
    assert divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == math.inf


def test_wilsons_interval_of_none_among_ten():
    low, high = wilson(np.array([0.0]), 10)
    assert low[0] == 0 and high[0] == pytest.approx(0.2775, abs=1e-3)


def test_even_a_perfect_generator_is_off_by_chance():
    # The mean absolute deviation of a share of one half among n is near sqrt(1 / (2 pi n)).
    half = np.array([0.5, 0.5])
    found = by_chance(half, np.eye(2), 64, np.random.default_rng(0), draws=20_000)
    assert found == pytest.approx(math.sqrt(1 / (2 * math.pi * 64)), rel=0.03)


def test_a_perfect_generator_is_off_by_what_the_counter_gets_wrong():
    rates = np.array([[1.0, 0.4], [0.0, 0.6]])  # of the second group it takes 40 % for the first
    found = by_chance(np.array([0.5, 0.5]), rates, 10**6, np.random.default_rng(0))
    assert found == pytest.approx(0.2, abs=1e-3)


def test_chance_is_half_for_two_groups_and_a_few_patients_prove_nothing():
    groups = np.repeat([0, 1], 50)
    assert better_than_chance(np.arange(100) % 10 < 8, groups) == (pytest.approx(0.8), True)
    assert not better_than_chance(np.arange(100) % 2 == 0, groups)[1]
    assert not better_than_chance(np.array([True, True]), np.array([0, 1]))[1]


@pytest.mark.parametrize(("groups", "each"), [(2, 10), (3, 20), (6, 5), (6, 80)])
def test_guesses_are_seldom_taken_for_more_than_guesses(groups, each):
    truth, rng = np.repeat(np.arange(groups), each), np.random.default_rng(0)
    accepted = [
        better_than_chance(rng.integers(groups, size=len(truth)) == truth, truth)[1]
        for _ in range(400)
    ]
    assert np.mean(accepted) < 0.08  # 0.05, and what 400 tries leave to chance


def test_a_classifier_that_errs_is_corrected_for():
    rates = np.array([[0.8, 0.1], [0.2, 0.9]])  # columns: truth
    np.testing.assert_allclose(corrected(rates @ [0.3, 0.7], rates), [0.3, 0.7])


@given(st.floats(0, 1), st.integers(0, 1000))
def test_shares_come_back_from_means(share, seed):
    rng = np.random.default_rng(seed)
    known = rng.normal(size=(3, 2, 4))  # sets, groups, measurements
    mix = np.array([share, 1 - share])
    drawn = np.einsum("g,sgk->sk", mix, known)
    np.testing.assert_allclose(share_by_means(drawn, known, np.eye(4)), mix, atol=1e-3)


def test_a_group_that_nobody_real_has_leaves_the_correction_undefined():
    assert np.isnan(corrected(np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 0.0]]))).all()


def test_correlated_measurements_count_once():
    known = np.array([[[0.0, 0.0], [1.0, 2.0]]])  # the second is twice the first
    spread = np.array([[1.0, 2.0], [2.0, 4.0]])
    found = share_by_means(np.array([[0.3, 0.6]]), known, spread)
    np.testing.assert_allclose(found, [0.7, 0.3], atol=1e-3)
