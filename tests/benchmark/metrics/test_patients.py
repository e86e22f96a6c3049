import numpy as np
import pytest

from benchmark.metrics.patients import (
    difference_variance,
    patients_covariance,
    patients_variances,
)


def test_what_two_seeds_share_is_the_patients_part():
    """Around their means the seeds move by -0.1, 0, 0.1 and by -0.2, 0, 0.2: covariance 0.02."""
    draws = np.array([[[0.5, 0.4, 0.5, 0.6], [0.6, 0.4, 0.6, 0.8]]])
    assert patients_covariance(draws) == pytest.approx(np.array([[0.02]]))


def test_one_seed_has_its_own_variance():
    assert patients_covariance(np.array([[[0.5, 0.4, 0.5, 0.6]]])) == pytest.approx(0.01)


def test_seeds_that_test_other_patients_share_nothing():
    draws = np.random.default_rng(0).normal(0.5, 0.1, size=(1, 2, 5001))
    assert abs(patients_covariance(draws)[0, 0]) < 0.001  # each seed's own variance is 0.01


def test_a_row_with_too_many_undefined_resamples_is_undefined_and_leaves_the_others_alone():
    draws = np.random.default_rng(0).normal(size=(2, 2, 101))
    alone = patients_covariance(draws[:1])[0, 0]
    draws[1, 0, 1:50] = np.nan
    found = patients_covariance(draws)
    assert found[0, 0] == pytest.approx(alone)
    assert np.isnan(found[1]).all()


def test_the_variance_of_a_difference_by_hand():
    covariance = np.array([[0.04, 0.01], [0.01, 0.03]])
    found = difference_variance(covariance, np.array([0, 0]), np.array([1, 0]))
    assert found == pytest.approx([0.05, 0])


def test_variances_are_the_diagonal_of_the_covariance():
    draws = np.random.default_rng(0).normal(size=(3, 2, 51))
    assert patients_variances(draws) == pytest.approx(np.diagonal(patients_covariance(draws)))
