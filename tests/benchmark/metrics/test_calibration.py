import numpy as np
import pytest
import torch
from torchmetrics.classification import BinaryCalibrationError, MulticlassCalibrationError

from benchmark.metrics.calibration import expected_calibration_error


def error(labels, probability, weights=None, bins=10):
    weights = np.ones((1, len(labels))) if weights is None else weights
    return expected_calibration_error(np.asarray(labels), probability, weights, bins)


def two(positive):
    return np.stack([1 - np.asarray(positive), np.asarray(positive)], axis=1)


def test_by_hand():
    # Bin 0.2: mean stated 0.25, true 0.5; bin 0.9: stated 0.95, true 1. Half the patients each.
    value = error([0, 1, 1, 1], two([0.24, 0.26, 0.94, 0.96]))[0]
    assert value == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)


def test_a_certain_and_right_answer_is_calibrated():
    assert error([0, 1], two([0.0, 1.0]))[0] == 0


def test_no_patients_is_undefined():
    assert np.isnan(error(np.array([], dtype=int), np.empty((0, 2)))[0])


@pytest.mark.parametrize("bins", [5, 10, 15])
def test_agrees_with_torchmetrics_for_two_classes(bins):
    rng = np.random.default_rng(0)
    labels, positive = rng.integers(2, size=400), rng.random(400).astype(np.float32)
    theirs = BinaryCalibrationError(n_bins=bins, norm="l1")
    expected = float(theirs(torch.tensor(positive), torch.tensor(labels)))
    assert error(labels, two(positive), bins=bins)[0] == pytest.approx(expected, abs=1e-6)


def test_agrees_with_torchmetrics_for_three_classes():
    rng = np.random.default_rng(1)
    labels, probability = rng.integers(3, size=400), rng.dirichlet([1, 1, 1], 400)
    theirs = MulticlassCalibrationError(3, n_bins=10, norm="l1")
    expected = float(theirs(torch.tensor(probability), torch.tensor(labels)))
    assert error(labels, probability)[0] == pytest.approx(expected, abs=1e-6)


def test_whole_weights_are_the_same_as_repeated_rows():
    labels, positive = np.array([0, 1, 1]), np.array([0.22, 0.28, 0.9])
    times = np.array([3, 1, 2])
    weighted = error(labels, two(positive), times[None].astype(float))[0]
    assert weighted == pytest.approx(error(labels.repeat(times), two(positive.repeat(times)))[0])
