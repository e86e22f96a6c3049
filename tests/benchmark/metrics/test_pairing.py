import numpy as np

from benchmark.metrics.pairing import fullest, paired


def test_the_largest_set_of_runs_is_the_fullest():
    assert fullest([frozenset({1}), frozenset({1}), frozenset({1, 2})]) == {1, 2}


def test_among_equal_sets_the_most_frequent_is_the_fullest():
    assert fullest([frozenset({3, 4}), frozenset({1, 2}), frozenset({1, 2})]) == {1, 2}


def test_without_rows_there_are_no_runs():
    assert fullest([]) == frozenset()


def test_rows_are_stacked_on_the_runs_that_all_have():
    a = {1: np.array([0.1, 0.2]), 2: np.array([0.3, 0.4]), 3: np.array([0.5, 0.6])}
    b = {3: np.array([0.7, 0.8]), 1: np.array([0.9, 1.0])}
    first, second = paired(a, b)
    assert first.tolist() == [[0.1, 0.2], [0.5, 0.6]]
    assert second.tolist() == [[0.9, 1.0], [0.7, 0.8]]


def test_rows_without_a_common_run_give_nothing():
    assert [len(found) for found in paired({1: np.zeros(2)}, {2: np.zeros(2)})] == [0, 0]
