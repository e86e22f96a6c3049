import numpy as np
import pytest

from benchmark.metrics.agreement import halves_agree


@pytest.mark.parametrize("seeds", [2, 3, 5, 12])
def test_rows_that_stand_alike_with_every_seed_agree(seeds):
    assert halves_agree(np.array([[1.0], [2.0], [3.0]]) * np.ones(seeds)) == pytest.approx(1)


def test_rows_that_turn_round_disagree():
    assert halves_agree(np.array([[1, 3], [2, 2], [3, 1.0]])) == -1


def test_one_of_three_pairs_turned_round_by_hand():
    assert np.isclose(halves_agree(np.array([[1, 1], [2, 3], [3, 2.0]])), 1 / 3)


def test_three_seeds_are_split_in_all_three_ways_by_hand():
    # 0 | 1, 2: (1, 2, 3) and (1.55, 1.65, 3.0) rank alike; 1 | 0, 2: (1, 2.3, 3) and
    # (1.55, 1.5, 3), 2 | 0, 1: (2.1, 1, 3) and (1, 2.15, 3) turn one of three pairs round.
    values = np.array([[1, 1, 2.1], [2, 2.3, 1], [3, 3, 3]])
    assert np.isclose(halves_agree(values), (1 + 1 / 3 + 1 / 3) / 3)


def test_the_order_of_the_seeds_makes_no_difference():
    values = np.random.default_rng(0).normal(size=(6, 5))
    assert halves_agree(values) == pytest.approx(halves_agree(values[:, ::-1]))


def test_twelve_seeds_without_any_relation_do_not_agree():
    assert abs(halves_agree(np.random.default_rng(0).normal(size=(60, 12)))) < 0.2


def test_one_seed_or_one_row_or_equal_rows_say_nothing():
    assert halves_agree(np.arange(3.0)[:, None]) is None
    assert halves_agree(np.arange(4.0)[None]) is None
    assert halves_agree(np.ones((3, 4))) is None
