import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics.simultaneous import family_against_one


def test_one_comparison_is_not_adjusted():
    family = family_against_one([np.array([[0.3]])])
    assert family.level() == 0.05
    assert family.adjust(np.array([0.02])).tolist() == [0.02]


def test_independent_comparisons_have_sidaks_level():
    level = 1 - 0.95 ** (1 / 8)
    assert family_against_one([np.eye(8)]).level() == pytest.approx(level, rel=0.1)
    assert family_against_one([np.eye(4), np.eye(4)]).level() == pytest.approx(level, rel=0.1)


def test_comparisons_that_are_one_and_the_same_cost_nothing():
    assert family_against_one([np.ones((8, 8))]).level() == pytest.approx(0.05, rel=0.1)


@given(st.floats(1e-6, 1))
def test_an_adjusted_p_value_is_significant_exactly_below_the_level(p_value):
    family = family_against_one([np.eye(5) + 1])
    adjusted = family.adjust(np.array([p_value]))[0]
    assert (adjusted < 0.05) == (p_value < family.level())
    assert adjusted >= p_value


def test_an_undefined_p_value_stays_undefined():
    assert np.isnan(family_against_one([np.eye(2)]).adjust(np.array([np.nan]))).all()


def test_a_variance_below_0_is_noise_and_counts_as_none():
    """The second comparison never moves, so the first one stands alone."""
    below = np.array([[1.0, 0.0], [0.0, -0.1]])
    assert family_against_one([below]).level() == pytest.approx(0.05, rel=0.1)
