import numpy as np
import pytest
from scipy import stats

from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_intervals
from benchmark.metrics.seed_noise import seed_pool


def of(draws, method="a"):
    return RowDraws(method, dict(enumerate(draws)))


def seed_interval(row, limits=(0.0, 1.0), pool=None):
    return seed_intervals({"own": row}, limits, pool)["own"]


def still(values, method="a"):
    """Rows whose value no choice of patients moves."""
    return of(np.repeat(np.array(values)[:, None], 4, axis=1), method)


def test_one_seed_has_the_patients_error_alone():
    mean, low, high = seed_interval(of([np.array([0.5, 0.4, 0.5, 0.6])]))
    assert mean == 0.5
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.1, 0.5 + 1.96 * 0.1), abs=1e-4)


def test_two_seeds_alone_use_the_t_quantile_of_one_degree_of_freedom():
    half = stats.t.ppf(0.975, 1) * 0.01
    found = seed_interval(still([0.50, 0.52]))
    assert found == pytest.approx((0.51, 0.51 - half, 0.51 + half))


def test_equal_seeds_add_nothing_to_the_patients(row):
    draws = row([0.5])
    assert seed_interval(of([draws[0]] * 3)) == pytest.approx(seed_interval(of(draws)))


def test_one_undefined_seed_makes_the_mean_undefined(row):
    draws = np.vstack([row([0.5]), np.full((1, 201), np.nan)])
    assert np.isnan(seed_interval(of(draws))).all()


def test_without_resamples_there_is_a_mean_and_no_interval():
    mean, low, high = seed_interval(of(np.array([[0.4], [0.6]])))
    assert mean == 0.5
    assert np.isnan([low, high]).all()


def test_the_board_widens_the_interval_of_a_row_whose_seeds_agree_by_chance():
    values = {"a": [0.70, 0.70], "b": [0.60, 0.80], "c": [0.80, 0.60], "d": [0.65, 0.75]}
    pool = seed_pool([still(of_row, name) for name, of_row in values.items()])
    alone, pooled = (seed_interval(still(values["a"]), (-9, 9), p) for p in (None, pool))
    assert alone == pytest.approx([0.70] * 3)
    assert pooled[1] < 0.69 and pooled[2] > 0.71


def test_what_moves_all_rows_alike_counts_with_the_seeds_own_degrees_of_freedom():
    """Rows that differ by nothing but a constant: the variance between seeds is all shared."""
    values = {f"m{k}": [0.6 + k / 10, 0.64 + k / 10, 0.62 + k / 10] for k in range(3)}
    pool = seed_pool([still(of_row, name) for name, of_row in values.items()])
    half = stats.t.ppf(0.975, 2) * 0.02 / np.sqrt(3)
    found = seed_interval(still(values["m0"], "m0"), (-9, 9), pool)
    assert found == pytest.approx((0.62, 0.62 - half, 0.62 + half))
