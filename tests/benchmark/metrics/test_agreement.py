import numpy as np

from benchmark.metrics.agreement import halves_agree


def test_rows_that_stand_alike_in_both_halves_agree():
    assert halves_agree(np.array([[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3.0]])) == 1


def test_rows_that_turn_round_disagree():
    assert halves_agree(np.array([[1, 3, 1, 3], [2, 2, 2, 2], [3, 1, 3, 1.0]])) == -1


def test_one_of_three_pairs_turned_round_by_hand():
    assert np.isclose(halves_agree(np.array([[1, 1, 1, 1], [2, 3, 2, 3], [3, 2, 3, 2.0]])), 1 / 3)


def test_three_seeds_or_one_row_or_equal_rows_say_nothing():
    assert halves_agree(np.ones((3, 3))) is None
    assert halves_agree(np.arange(4.0)[None]) is None
    assert halves_agree(np.ones((3, 4))) is None
