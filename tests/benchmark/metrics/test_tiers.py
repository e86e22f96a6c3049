import numpy as np

from benchmark.metrics.comparisons import SIGNIFICANT, compare
from benchmark.metrics.tiers import tiers


def test_tiers_by_hand(row):
    rows = {
        "low": row([0.60, 0.60], seed=1),
        "best": row([0.80, 0.80], seed=2),
        "near": row([0.79, 0.79], seed=3),
        "broken": np.full((2, 201), np.nan),
    }
    assert tiers(rows) == {"low": 2, "best": 1, "near": 1, "broken": None}


def test_tiers_where_lower_is_better(row):
    rows = {"small": row([0.1, 0.1], seed=1), "large": row([0.3, 0.3], seed=2)}
    assert tiers(rows, better="lower") == {"small": 1, "large": 2}


def test_no_row_has_a_better_tier_than_one_above_it(row):
    """The last row varies so much that only the middle one differs significantly from the best."""
    rows = {
        "best": row([0.80, 0.80, 0.80]),
        "steady": row([0.70, 0.70, 0.70]),
        "erratic": row([0.30, 0.85, 0.85]),
    }
    assert compare(rows["best"], rows["steady"]).p_value < 0.01
    assert tiers(rows) == {"best": 1, "steady": 1, "erratic": 1}


def test_one_seed_gives_no_verdict_and_no_tier(row):
    assert np.isnan(compare(row([0.9]), row([0.1], seed=2)).p_value)
    assert tiers({"a": row([0.9]), "b": row([0.1], seed=2)}) == {"a": None, "b": None}


def test_what_cannot_be_compared_is_not_called_apart(row):
    broken = row([0.2, 0.2])
    broken[:, 1:50] = np.nan  # more resamples undefined than an interval allows
    assert tiers({"best": row([0.8, 0.8]), "broken": broken}) == {"best": 1, "broken": 1}


def test_a_row_that_cannot_be_compared_counts_in_holms_adjustment(row):
    broken = row([0.79, 0.79])
    broken[:, 1:50] = np.nan
    rows = {"best": row([0.80, 0.80]), "broken": broken, "last": row([0.78, 0.78], seed=3)}
    p_value = compare(rows["best"], rows["last"]).p_value
    assert SIGNIFICANT / 2 < p_value < SIGNIFICANT
    assert tiers(rows) == {"best": 1, "broken": 1, "last": 1}
