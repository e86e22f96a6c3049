import numpy as np

from benchmark.metrics.kinds import kinds_of


def test_rows_that_are_alike_are_counted_together():
    groups, labels = np.array([0, 1, 0, 0]), np.array([1, 0, 1, 0])
    weights = np.array([[1.0, 1, 1, 1], [2, 0, 3, 5]])
    kinds = kinds_of([groups, labels], weights)
    found = {
        (int(groups[row]), int(labels[row])): kinds.totals[:, kind].tolist()
        for kind, row in enumerate(kinds.first)
    }
    assert found == {(0, 1): [2, 5], (1, 0): [1, 0], (0, 0): [1, 5]}


def test_nobody_is_of_no_kind():
    kinds = kinds_of([np.array([], dtype=int)], np.ones((3, 0)))
    assert kinds.totals.shape == (3, 0)
