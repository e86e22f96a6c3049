import numpy as np
import pytest

from benchmark.metrics.levelling import levelling_down
from benchmark.metrics.pairing import RowDraws


def groups(values, seeds=3, method="a"):
    """Groups that keep their values in all seeds and resamples, but for a little noise."""
    noise = 0.001 * np.random.default_rng(len(method)).normal(size=(seeds, len(values), 201))
    draws = np.array(values)[:, None] + noise
    return RowDraws(method, dict(enumerate(draws)))


@pytest.mark.parametrize(
    ("values", "reference", "flagged"),
    [
        ([0.80, 0.78], [0.90, 0.78], True),  # the gap closed by the fall alone
        ([0.90, 0.88], [0.90, 0.78], False),  # by the rise alone
        ([0.85, 0.82], [0.90, 0.80], True),  # by 0.05 of fall and 0.02 of rise
        ([0.88, 0.84], [0.90, 0.80], False),  # by 0.02 of fall and 0.04 of rise
        ([0.80, 0.60], [0.90, 0.78], False),  # all fell, the worst more: no gap closed
        ([0.899, 0.80], [0.90, 0.80], False),  # a fall that may be chance
        ([0.70, 0.75, 0.72], [0.90, 0.75, 0.80], True),  # three groups, the worst fell as well
    ],
)
def test_levelling_down_by_hand(values, reference, flagged):
    rows = {"erm": groups(reference, method="erm"), "own": groups(values)}
    assert levelling_down("erm", rows) == ({"own"} if flagged else set())


def test_an_undefined_group_is_not_flagged():
    rows = {"erm": groups([0.9, 0.8], method="erm"), "own": groups([0.8, np.nan])}
    assert levelling_down("erm", rows) == set()


def test_one_seed_decides_nothing():
    rows = {"erm": groups([0.9, 0.8], 1, "erm"), "own": groups([0.8, 0.8], 1)}
    assert levelling_down("erm", rows) == set()
