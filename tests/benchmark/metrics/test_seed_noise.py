import numpy as np
import pytest
from scipy.special import polygamma

from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_noise import Prior, SeedPool, seed_pool


def pool_of(variances, freedom=2):
    names = tuple(f"m{i}" for i in range(len(variances)))
    return SeedPool(names, np.array(variances), {}, freedom)


def row(method, *values, kind="baseline"):
    return RowDraws(method, {seed: np.array([value]) for seed, value in enumerate(values)}, kind)


def test_two_way_residuals_by_hand():
    """Two rows, two seeds: 0.6, 0.8 and 0.7, 0.7. What row and seed leave over is +-0.05."""
    pool = seed_pool([row("a", 0.6, 0.8), row("b", 0.7, 0.7)])
    assert pool.variances == pytest.approx([2 * 2 * 0.05**2] * 2)
    assert pool.by_seed == pytest.approx({0: 0.65, 1: 0.75})
    assert pool.freedom == 1


def test_rows_that_move_together_have_no_residual():
    pool = seed_pool([row("a", 0.6, 0.8), row("b", 0.5, 0.7), row("c", 0.1, 0.3)])
    assert pool.variances == pytest.approx([0, 0, 0])


def test_a_pool_needs_two_baselines_and_two_seeds():
    assert seed_pool([row("a", 0.6, 0.8)]) is None
    assert seed_pool([row("a", 0.6), row("b", 0.7)]) is None


def test_only_baselines_with_all_runs_are_pooled():
    rows = [row("a", 0.6, 0.8), row("b", 0.7, 0.7), row("c", 0.1)]
    submitted = [row(f"m{i}", 0.6, 0.6, kind="method") for i in range(20)]
    assert seed_pool([*rows, *submitted, row("d", 0, 1, kind="control")]).methods == ("a", "b")


def test_of_one_methods_settings_the_one_whose_seeds_differ_most_is_pooled():
    calm, shaky, other = row("a", 0.70, 0.71), row("a", 0.6, 0.8), row("b", 0.7, 0.7)
    sweep = seed_pool([calm, shaky, other])
    assert sweep.variances.tolist() == seed_pool([shaky, other]).variances.tolist()


def test_the_pair_under_comparison_is_left_out_of_its_prior():
    prior = pool_of([9.0, 5.0, 1.0, 1.0, 1.0]).priors(["m0", "m0"], ["m1", "m2"])
    assert prior.variance == pytest.approx([2, 2 * 7 / 3])
    assert prior.known.tolist() == [3 * 2, 3 * 2]


def test_two_settings_of_one_method_are_left_out_once():
    prior = pool_of([9.0, 1.0, 1.0]).priors(["m0"], ["m0"])
    assert prior.variance == pytest.approx([2])
    assert prior.known.tolist() == [2 * 2]


def test_fewer_than_two_other_methods_say_nothing():
    assert pool_of([1.0, 1.0, 1.0]).priors(["m0"], ["m1"]).freedom.tolist() == [0]


def test_equal_variances_count_for_what_they_have_together():
    assert pool_of([1.0] * 5).priors(["m0"], ["m1"]).freedom.tolist() == [3 * 2]


def test_the_spread_of_the_logarithms_sets_the_freedom():
    """Logs of +-3 have variance 12; chance alone gives trigamma(1) with two degrees of freedom."""
    pool = pool_of([1.0, 1.0, np.exp(3.0), np.exp(-3.0), np.exp(3.0), np.exp(-3.0)])
    freedom = pool.priors(["m0"], ["m1"]).freedom[0]
    assert polygamma(1, freedom / 2) == pytest.approx((12 - polygamma(1, 1.0)) / 2, rel=1e-3)


def test_a_variance_that_fits_the_others_is_pulled_to_them():
    prior = Prior(np.array([2.0]), np.array([6.0]), np.array([20.0]))
    variance, freedom = prior.moderate(np.array([1.0]), 2)
    assert variance == pytest.approx((1 * 2 + 2 * 6) / 8)
    assert freedom == pytest.approx(8)


def test_a_variance_far_above_the_others_keeps_its_own():
    prior = Prior(np.array([2.0]), np.array([6.0]), np.array([20.0]))
    variance, freedom = prior.moderate(np.array([200.0]), 2)
    assert variance == pytest.approx(200, rel=1e-3)
    assert freedom == pytest.approx(2, rel=1e-3)


def test_what_never_moves_has_no_variance():
    prior = Prior(np.array([0.0, 0.0]), np.array([6.0, 6.0]), np.array([6.0, 6.0]))
    variance, _ = prior.moderate(np.array([0.0, 1.0]), 2)
    assert variance == pytest.approx([0, 1])
