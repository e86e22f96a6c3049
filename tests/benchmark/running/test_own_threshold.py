from types import SimpleNamespace

import pytest

from benchmark.cohorts.toy import ToyTask
from benchmark.running.own_threshold import own_threshold

TWO, THREE = ToyTask(2, 2).card, ToyTask(2, 3).card


class Thing:
    """Stands for a method."""


def of(threshold, card=TWO):
    return own_threshold(SimpleNamespace(threshold=threshold), Thing(), card)


def test_a_predictor_may_bring_a_threshold_or_none():
    assert of(0.3) == 0.3
    assert of(None) is None
    assert own_threshold(SimpleNamespace(), Thing(), TWO) is None
    assert of(None, THREE) is None


@pytest.mark.parametrize("value", [0, 1.0, -2, float("nan"), "half", [0.1, 0.2]])
def test_what_is_no_threshold_is_refused_with_what_to_do(value):
    with pytest.raises(ValueError, match="Thing: its predictor's threshold is"):
        of(value)


def test_a_threshold_among_three_classes_is_refused():
    with pytest.raises(ValueError, match="has 3 classes; a threshold decides between two"):
        of(0.3, THREE)
