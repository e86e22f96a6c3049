from benchmark.metrics.pairing import fullest


def test_the_largest_set_of_runs_is_the_fullest():
    assert fullest([frozenset({1}), frozenset({1}), frozenset({1, 2})]) == {1, 2}


def test_among_equal_sets_the_most_frequent_is_the_fullest():
    assert fullest([frozenset({3, 4}), frozenset({1, 2}), frozenset({1, 2})]) == {1, 2}


def test_without_rows_there_are_no_runs():
    assert fullest([]) == frozenset()
