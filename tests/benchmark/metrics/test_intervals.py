import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.metrics import intervals


def generator(seed=0):
    return np.random.default_rng(seed)


def row(values, spread=0.01, seed=0, resamples=200):
    """Draws of one row: a value per seed, with the same noise under each resample."""
    noise = spread * generator(seed).normal(size=(len(values), resamples))
    values = np.array(values)[:, None]
    return np.hstack([values, values + noise])


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


def test_one_seed_has_the_patients_error_alone():
    draws = np.array([[0.5, 0.4, 0.5, 0.6]])
    mean, low, high = intervals.seed_interval(draws)
    assert mean == 0.5
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.1, 0.5 + 1.96 * 0.1), abs=1e-4)


def test_two_seeds_alone_use_the_t_quantile_of_one_degree_of_freedom():
    draws = np.repeat([[0.50], [0.52]], 4, axis=1)  # patients add nothing
    mean, low, high = intervals.seed_interval(draws)
    half = stats.t.ppf(0.975, 1) * 0.01
    assert (mean, low, high) == pytest.approx((0.51, 0.51 - half, 0.51 + half))


def test_equal_seeds_add_nothing_to_the_patients():
    draws = row([0.5])
    assert intervals.seed_interval(np.repeat(draws, 3, axis=0)) == pytest.approx(
        intervals.seed_interval(draws)
    )


def test_one_undefined_seed_makes_the_mean_undefined():
    draws = np.vstack([row([0.5]), np.full((1, 201), np.nan)])
    assert np.isnan(intervals.seed_interval(draws)).all()


def test_without_resamples_there_is_a_mean_and_no_interval():
    mean, low, high = intervals.seed_interval(np.array([[0.4], [0.6]]))
    assert mean == 0.5
    assert np.isnan([low, high]).all()


def test_pairing_finds_a_difference_that_the_intervals_hide():
    a, b = row([0.80, 0.80], spread=0.05), row([0.78, 0.78], spread=0.05)
    assert intervals.seed_interval(a)[1] < intervals.seed_interval(b)[2]
    assert intervals.compare(a, b).p_value < 0.001


def test_a_row_does_not_differ_from_itself():
    found = intervals.compare(row([0.8, 0.7]), row([0.8, 0.7]))
    assert (found.difference, found.p_value) == (0, 1)


def test_the_difference_is_a_minus_b():
    found = intervals.compare(row([0.8, 0.8], seed=1), row([0.7, 0.7], seed=2))
    assert found.difference == pytest.approx(0.1)


def test_rows_of_other_seeds_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 201\) and \(3, 201\) cannot be paired"):
        intervals.compare(row([0.8] * 2), row([0.8] * 3))


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=4), st.integers(0, 50))
@settings(deadline=None, max_examples=60)
def test_p_value_and_interval_say_the_same(differences, seed):
    a, b = row([0.5 + d for d in differences], seed=seed), row([0.5] * len(differences), seed=99)
    found = intervals.compare(a, b)
    assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_holm_by_hand():
    assert intervals.holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx(
        [0.03, 0.06, 0.06, 0.02]
    )


def test_holm_stops_at_one():
    assert intervals.holm(np.array([0.6, 0.9])).tolist() == [1, 1]


def test_tiers_by_hand():
    rows = {
        "low": row([0.60, 0.60], seed=1),
        "best": row([0.80, 0.80], seed=2),
        "near": row([0.79, 0.79], seed=3),
        "broken": np.full((2, 201), np.nan),
    }
    assert intervals.tiers(rows) == {"low": 2, "best": 1, "near": 1, "broken": None}


def test_tiers_where_lower_is_better():
    rows = {"small": row([0.1, 0.1], seed=1), "large": row([0.3, 0.3], seed=2)}
    assert intervals.tiers(rows, better="lower") == {"small": 1, "large": 2}


def test_seed_noise_by_hand():
    """Two rows, two seeds: 0.6, 0.8 and 0.7, 0.7. What row and seed leave over is +-0.05."""
    noise = intervals.seed_noise(np.array([[0.6, 0.8], [0.7, 0.7]]))
    assert noise.difference == pytest.approx(2 * 4 * 0.05**2 / 1)
    assert noise.difference_freedom == 1
    # The mean of the rows' own variances, 0.02 and 0.
    assert noise.row == pytest.approx(0.01)


def test_seed_noise_of_rows_that_move_together_moves_no_difference():
    noise = intervals.seed_noise(np.array([[0.6, 0.8], [0.5, 0.7], [0.1, 0.3]]))
    assert noise.difference == pytest.approx(0)
    assert noise.row == pytest.approx(0.02)


def test_seed_noise_needs_two_rows_and_two_seeds():
    assert intervals.seed_noise(np.array([[0.6, 0.8]])) is None
    assert intervals.seed_noise(np.array([[0.6], [0.8]])) is None


def test_pooled_noise_widens_the_interval_of_a_row_whose_seeds_agree_by_chance():
    draws = row([0.7, 0.7])
    noise = intervals.seed_noise(np.array([[0.7, 0.7], [0.6, 0.8], [0.8, 0.6]]))
    alone, pooled = intervals.seed_interval(draws), intervals.seed_interval(draws, noise=noise)
    assert pooled[0] == alone[0]
    assert pooled[1] < alone[1] < alone[2] < pooled[2]


def test_no_row_has_a_better_tier_than_one_above_it():
    """The last row is so shaky that it cannot be told from the best; the steady middle one can."""
    rows = {
        "best": row([0.80, 0.80, 0.80]),
        "steady": row([0.70, 0.70, 0.70]),
        "shaky": row([0.30, 0.85, 0.85]),
    }
    assert intervals.compare(rows["best"], rows["steady"]).p_value < 0.01
    assert intervals.tiers(rows) == {"best": 1, "steady": 1, "shaky": 1}


def test_one_erratic_row_changes_no_other_rows_noise():
    calm = np.array([[0.70, 0.72], [0.60, 0.61], [0.80, 0.83], [0.75, 0.76], [0.66, 0.70]])
    erratic = np.vstack([calm, [0.2, 0.95]])
    assert intervals.seed_noise(erratic) == intervals.seed_noise(calm)


def test_an_erratic_row_keeps_its_own_noise():
    """Seeds at 0.4 and 0.9 have a standard error of 0.25, however calm the rest of the board is."""
    noise = intervals.seed_noise(np.array([[0.70, 0.71], [0.60, 0.62], [0.80, 0.81]]))
    draws = np.full((2, 101), [[0.4], [0.9]])  # no chance from patients
    freedom = 1 + noise.row_freedom  # both have told how far seeds lie apart
    half = stats.t.ppf(0.975, freedom) * 0.25
    value, low, high = intervals.seed_interval(draws, (-9, 9), noise)
    assert (value, low, high) == pytest.approx((0.65, 0.65 - half, 0.65 + half))


def test_one_seed_gives_no_verdict_and_no_tier():
    assert np.isnan(intervals.compare(row([0.9]), row([0.1], seed=2)).p_value)
    assert intervals.tiers({"a": row([0.9]), "b": row([0.1], seed=2)}) == {"a": None, "b": None}


def test_what_cannot_be_compared_is_not_called_apart():
    broken = row([0.2, 0.2])
    broken[:, 1:50] = np.nan  # more resamples undefined than an interval allows
    assert intervals.tiers({"best": row([0.8, 0.8]), "broken": broken}) == {"best": 1, "broken": 1}
