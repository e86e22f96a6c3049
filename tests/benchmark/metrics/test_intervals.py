import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics import intervals


def generator(seed=0):
    return np.random.default_rng(seed)


def test_images_of_a_patient_come_and_go_together():
    weights = intervals.bootstrap_weights(np.array(["a", "b", "a"]), 50, generator())
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] + weights[:, 1] == 2).all()


def test_each_stratum_keeps_its_size():
    strata = np.array([0, 0, 0, 1, 1])
    weights = intervals.bootstrap_weights(np.arange(5), 50, generator(), strata)
    assert (weights[:, :3].sum(axis=1) == 3).all()
    assert (weights[:, 3:].sum(axis=1) == 2).all()


def test_the_same_seed_and_patients_give_the_same_weights_in_any_order():
    patients, order = np.array(list("dacb")), np.array([2, 0, 3, 1])
    first = intervals.bootstrap_weights(patients, 20, generator(3))
    second = intervals.bootstrap_weights(patients[order], 20, generator(3))
    assert (first[:, order] == second).all()


def test_small_strata_are_pooled_by_their_fallback():
    strata, fallback = np.array([7] * 10 + [8, 9, 9]), np.array([0] * 10 + [0, 1, 1])
    pooled = intervals.pool_small(strata, fallback)
    assert pooled.tolist() == [7] * 10 + [-1, -2, -2]


def test_bootstrap_of_a_mean_has_the_textbook_width():
    values = generator(1).random(400)
    weights = intervals.bootstrap_weights(np.arange(400), 2000, generator(2))
    low, high = intervals.bootstrap_interval(np.r_[values.mean(), weights @ values / 400])
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)


def test_a_share_of_0_or_1_has_the_exact_interval():
    # The share that leaves all 8 wrong once in forty studies: (1 - p) ** 8 = 0.025.
    assert intervals.exact_interval(0.0, 8) == pytest.approx((0.0, 0.3694), abs=1e-4)
    assert intervals.exact_interval(1.0, 8) == pytest.approx((0.6306, 1.0), abs=1e-4)
    assert intervals.exact_interval(0.5, 8) is intervals.exact_interval(0.0, 0) is None


def test_resamples_that_are_all_alike_never_vary():
    assert intervals.never_varies(np.array([0.1, 0.2, 0.2]))
    assert not intervals.never_varies(np.array([[0, 0, 0], [0, 0, 1]]))
    assert not intervals.never_varies(np.array([0.5]))
    assert intervals.never_varies(np.array([0.0, 0.0, np.nan]))  # the cell lacks in a resample
    assert not intervals.never_varies(np.array([np.nan, np.nan]))


def test_interval_is_reflected():
    # Resamples lie 0.1 too low, as those of a minimum do: the interval moves up instead.
    draws = np.r_[0.5, np.linspace(0.35, 0.45, 1001)]
    assert intervals.bootstrap_interval(draws) == pytest.approx((0.5525 - 0.0525, 0.6475))


def test_interval_of_a_minimum_holds_the_truth_where_percentiles_do_not():
    # The worst of 14 equally good cells of 100 patients, in 200 simulated studies.
    rng = generator()
    ours = percentile = 0
    for _ in range(200):
        cells = rng.binomial(100, 0.85, size=14) / 100
        draws = np.r_[cells.min(), rng.binomial(100, cells, size=(200, 14)).min(axis=1) / 100]
        low, high = intervals.bootstrap_interval(draws)
        ours += low <= 0.85 <= high
        low, high = np.quantile(draws[1:], [0.025, 0.975])
        percentile += low <= 0.85 <= high
    assert ours > 160
    assert percentile < 20


def test_interval_stays_within_the_limits():
    assert intervals.bootstrap_interval(np.r_[0.98, np.linspace(0.9, 1, 101)])[1] == 1


def test_interval_of_an_undefined_value_is_none():
    assert intervals.bootstrap_interval(np.r_[np.nan, np.ones(9)]) is None


@pytest.mark.parametrize(("undefined", "missing"), [(5, False), (6, True)])
def test_interval_needs_most_resamples(undefined, missing):
    draws = np.r_[0.5, np.full(undefined, np.nan), np.full(100 - undefined, 0.5)]
    assert (intervals.bootstrap_interval(draws) is None) is missing


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
@settings(deadline=None, max_examples=60)
def test_interval_holds_the_value(draws):
    low, high = intervals.bootstrap_interval(np.array(draws))
    assert low <= draws[0] <= high
