import numpy as np
import pytest
from scipy import stats

from benchmark.metrics.seed_means import seed_interval
from benchmark.metrics.seed_noise import seed_noise


def test_one_seed_has_the_patients_error_alone():
    draws = np.array([[0.5, 0.4, 0.5, 0.6]])
    mean, low, high = seed_interval(draws)
    assert mean == 0.5
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.1, 0.5 + 1.96 * 0.1), abs=1e-4)


def test_two_seeds_alone_use_the_t_quantile_of_one_degree_of_freedom():
    draws = np.repeat([[0.50], [0.52]], 4, axis=1)  # patients add nothing
    mean, low, high = seed_interval(draws)
    half = stats.t.ppf(0.975, 1) * 0.01
    assert (mean, low, high) == pytest.approx((0.51, 0.51 - half, 0.51 + half))


def test_equal_seeds_add_nothing_to_the_patients(row):
    draws = row([0.5])
    assert seed_interval(np.repeat(draws, 3, axis=0)) == pytest.approx(seed_interval(draws))


def test_one_undefined_seed_makes_the_mean_undefined(row):
    draws = np.vstack([row([0.5]), np.full((1, 201), np.nan)])
    assert np.isnan(seed_interval(draws)).all()


def test_without_resamples_there_is_a_mean_and_no_interval():
    mean, low, high = seed_interval(np.array([[0.4], [0.6]]))
    assert mean == 0.5
    assert np.isnan([low, high]).all()


def test_pooled_noise_widens_the_interval_of_a_row_whose_seeds_agree_by_chance(row):
    draws = row([0.7, 0.7])
    noise = seed_noise(np.array([[0.7, 0.7], [0.6, 0.8], [0.8, 0.6]]))
    alone, pooled = seed_interval(draws), seed_interval(draws, noise=noise)
    assert pooled[0] == alone[0]
    assert pooled[1] < alone[1] < alone[2] < pooled[2]


def test_an_erratic_row_keeps_its_own_noise():
    """Seeds at 0.4 and 0.9 have a standard error of 0.25, however calm the rest of the board is."""
    noise = seed_noise(np.array([[0.70, 0.71], [0.60, 0.62], [0.80, 0.81]]))
    draws = np.full((2, 101), [[0.4], [0.9]])  # no chance from patients
    freedom = 1 + noise.row_freedom  # both estimate the variance between seeds
    half = stats.t.ppf(0.975, freedom) * 0.25
    value, low, high = seed_interval(draws, (-9, 9), noise)
    assert (value, low, high) == pytest.approx((0.65, 0.65 - half, 0.65 + half))
