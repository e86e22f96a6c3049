import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.metrics.chance import Part, half_widths, p_values


def part(variance, freedom=np.inf):
    return Part(np.array(variance), np.array(freedom))


def test_a_known_variance_has_the_normal_quantile():
    assert half_widths(0.05, [part(0.04)]) == pytest.approx(1.96 * 0.2, abs=1e-4)


def test_an_estimated_variance_has_the_t_quantile():
    assert half_widths(0.05, [part(0.04, 1)]) == pytest.approx(stats.t.ppf(0.975, 1) * 0.2)


def test_the_parts_own_half_widths_are_added_as_squares():
    trainings, patients = stats.t.ppf(0.975, 2) * 0.03**0.5, stats.norm.ppf(0.975) * 0.01**0.5
    both = (trainings**2 + patients**2) ** 0.5
    assert half_widths(0.05, [part(0.03, 2), part(0.01)]) == pytest.approx(both)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 36])
@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_no_level_is_exceeded_whatever_part_is_estimated(alpha, share):
    """100,000 studies of a difference of 0, share of its variance known with 1 degree of freedom.

    A mean of the parts' critical values calls three times too many different at alpha 0.0014 and
    share 0.9.
    """
    rng = np.random.default_rng(1)
    distance, estimated = np.abs(rng.standard_normal(100_000)), rng.chisquare(1, 100_000)
    half = half_widths(alpha, [part(share * estimated, 1), part(1 - share)])
    error = (alpha / 100_000) ** 0.5
    assert np.mean(distance > half) < alpha + 3 * error


@given(
    st.floats(0.001, 0.5), st.floats(1e-6, 1e-2), st.floats(0, 1e-2), st.sampled_from([1, 2, 7.5])
)
@settings(deadline=None, max_examples=60)
def test_the_p_value_is_the_alpha_whose_interval_just_holds_0(
    distance, training, patients, freedom
):
    parts = [part(training, freedom), part(patients)]
    p_value = float(p_values(np.array(distance), parts))
    if p_value > 1e-11:  # smaller ones are given as the smallest
        assert half_widths(p_value, parts) == pytest.approx(distance, rel=1e-6)


def test_no_distance_has_p_value_1_and_any_distance_without_chance_has_none():
    found = p_values(np.array([0.0, 0.1]), [part([0.0, 0.0], 1)])
    assert found == pytest.approx([1, 0], abs=1e-11)


def test_an_undefined_variance_has_no_p_value():
    assert np.isnan(p_values(np.array([0.1]), [part([np.nan]), part([0.1])])).all()
