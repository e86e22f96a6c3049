import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics.comparisons import (
    Comparison,
    claims_of,
    false_discovery,
    gains_over,
    headroom,
)
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_intervals
from benchmark.metrics.seed_noise import seed_pool


def of(draws, method="a", kind="baseline"):
    return RowDraws(method, dict(enumerate(draws)), kind)


def board(seed, rows=5, seeds=3):
    """A board of rows that differ by chance and a little more."""
    rng = np.random.default_rng(seed)
    values = 0.7 + 0.05 * rng.normal(size=(rows, 1, 1)) + 0.02 * rng.normal(size=(rows, seeds, 1))
    draws = values + 0.01 * np.append(np.zeros((1, 1, 1)), rng.normal(size=(1, 1, 60)), axis=2)
    return {f"m{i}": of(draws[i], f"m{i}") for i in range(rows)}


def single(a, b, pool=None):
    return claims_of({"a": a, "b": b}, [("a", "b")], pool)["a", "b"]


def test_pairing_finds_a_difference_that_the_intervals_hide(row):
    a, b = (of(row([v, v], spread=0.05), name) for v, name in ((0.80, "a"), (0.78, "b")))
    alone = seed_intervals({"a": a, "b": b})
    assert alone["a"][1] < alone["b"][2]
    assert single(a, b).p_value < 0.001


def test_the_difference_is_a_minus_b(row):
    found = single(of(row([0.8, 0.8], seed=1)), of(row([0.7, 0.7], seed=2), "b"))
    assert found.difference == pytest.approx(0.1)


@given(st.integers(0, 200), st.sampled_from(["baseline", "method", "control"]))
@settings(deadline=None, max_examples=40)
def test_identical_rows_are_never_different(seed, kind):
    rows = board(seed)
    rows["copy"] = of(list(rows["m0"].draws.values()), "copy", kind)
    gain = gains_over("m0", rows, seed_pool(rows.values()))["copy"]
    assert (gain.difference, gain.verdict, gain.p_value) == (0, "not significant", 1)


@given(st.integers(0, 200), st.integers(2, 4))
@settings(deadline=None, max_examples=40)
def test_interval_p_value_and_verdict_say_the_same(seed, seeds):
    rows = board(seed, seeds=seeds)
    gains = gains_over("m0", rows, seed_pool(rows.values()))
    claims = claims_of(rows, [(name, "m0") for name in gains], seed_pool(rows.values()))
    for found in (*gains.values(), *claims.values()):
        apart = found.low > 0 or found.high < 0
        assert apart == (found.verdict in ("better", "worse")) == (found.p_value < 0.05)
        assert found.low <= found.difference <= found.high


@given(st.integers(0, 200))
@settings(deadline=None, max_examples=20)
def test_the_order_of_the_rows_does_not_matter(seed):
    rows = board(seed)
    other = dict(reversed(rows.items()))
    pools = [seed_pool(some.values()) for some in (rows, other)]
    assert gains_over("m0", rows, pools[0]) == gains_over("m0", other, pools[1])


def test_more_rows_make_gains_harder_and_leave_claims_alone():
    rows = board(3, rows=12)
    few = {name: rows[name] for name in ("m0", "m1", "m2")}
    pool = seed_pool(rows.values())
    narrow, wide = (gains_over("m0", of_board, pool)["m1"] for of_board in (few, rows))
    assert wide.high - wide.low > narrow.high - narrow.low
    assert claims_of(few, [("m1", "m0")], pool) == claims_of(rows, [("m1", "m0")], pool)


def test_the_gain_of_the_only_contestant_is_its_claim(row):
    plain, own = of(row([0.70, 0.71, 0.70]), "erm"), of(row([0.72, 0.71, 0.73], seed=1), "own")
    gain = gains_over("erm", {"erm": plain, "own": own})["own"]
    claim = single(own, plain)
    assert (gain.low, gain.high, gain.p_value) == (claim.low, claim.high, claim.p_value)


def test_a_control_is_compared_alone_and_costs_the_contestants_nothing():
    rows = board(5)
    alone = gains_over("m0", rows)
    control = RowDraws("control", rows["m1"].draws, kind="control")
    found = gains_over("m0", {**rows, "control": control})
    assert {name: found[name] for name in alone} == alone
    assert found["control"].high < found["m1"].high
    assert np.isnan(found["control"].q_value)


def test_gains_are_measured_on_shared_runs_only(row):
    plain, own = row([0.6, 0.7, 0.8]), row([0.9, 0.9, 0.9], seed=1)
    rows = {"erm": of(plain), "a": RowDraws("a", {2: own[2], 7: own[0]})}
    found = gains_over("erm", {**rows, "b": RowDraws("b", {7: own[0]})})
    assert (found["a"].difference, found["a"].seeds) == (pytest.approx(0.1), 1)
    assert (found["a"].verdict, found.keys()) == ("one seed", {"a"})


def test_a_claim_against_a_row_that_is_not_there_is_undefined(row):
    claim = claims_of({"a": of(row([0.8, 0.8]))}, [("a", "nobody")])["a", "nobody"]
    assert (claim.seeds, claim.verdict, claim.against) == (0, "undefined", "nobody")


def test_an_undefined_row_has_no_gain_and_spoils_no_other(row):
    rows = {"erm": of(row([0.7, 0.7]), "erm"), "a": of(row([0.8, 0.8], seed=1))}
    broken = {**rows, "broken": of(np.full((2, 201), np.nan), "broken")}
    assert gains_over("erm", broken) == gains_over("erm", rows)


@pytest.mark.parametrize(
    ("low", "high", "seeds", "verdict"),
    [
        (0.01, 0.2, 2, "better"),
        (-0.2, -0.01, 2, "worse"),
        (-0.01, 0.2, 2, "not significant"),
        (0.0, 0.2, 2, "not significant"),
        (np.nan, np.nan, 2, "undefined"),
        (0.01, 0.2, 1, "one seed"),
    ],
)
def test_verdicts(low, high, seeds, verdict):
    assert Comparison((low + high) / 2, low, high, 0.5, seeds).verdict == verdict


def test_false_discovery_by_hand():
    """Times 4 over the rank: 0.02, 0.06, 0.0533, 0.04; none above the next larger one's."""
    found = false_discovery(np.array([0.005, 0.03, 0.04, 0.02]))
    assert found == pytest.approx([0.02, 0.04, 0.04, 0.04])


def test_headroom_by_hand():
    """On runs 1 and 2 plain training has 0.6, the row 0.7 and the oracle 0.8: half the way."""
    row = {1: 0.65, 2: 0.75, 3: 0.1}
    assert headroom(row, {1: 0.5, 2: 0.7}, {1: 0.8, 2: 0.8, 4: 0.0}) == pytest.approx(0.5)


def test_there_is_no_headroom_where_the_oracle_is_no_better():
    assert headroom({1: 0.7}, {1: 0.8}, {1: 0.8}) is None


def test_there_is_no_headroom_without_shared_runs():
    assert headroom({1: 0.7}, {1: 0.6}, {2: 0.8}) is None
