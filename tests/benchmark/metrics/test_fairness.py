import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    equalized_odds_difference,
    selection_rate,
    true_positive_rate,
)
from sklearn.metrics import balanced_accuracy_score

from benchmark.metrics import fairness

# Eight rows. Group 0: two well (one called ill), two ill (both found); group 1: two well (both
# spared), two ill (one found).
LABELS = np.array([0, 0, 1, 1, 0, 0, 1, 1])
ANSWERS = np.array([0, 1, 1, 1, 0, 0, 0, 1])
GROUPS = np.array([0, 0, 0, 0, 1, 1, 1, 1])


def count(labels, answers, groups, n_groups=2, n_classes=2, weights=None):
    weights = np.ones((1, len(labels))) if weights is None else weights
    return fairness.confusion(labels, answers, groups, (n_groups, n_classes), weights)


@pytest.fixture
def counts():
    return count(LABELS, ANSWERS, GROUPS)


@pytest.fixture
def random_rows():
    rng = np.random.default_rng(0)
    return rng.integers(2, size=300), rng.integers(2, size=300), rng.integers(3, size=300)


def test_confusion_by_hand(counts):
    assert counts[0].tolist() == [[[1, 1], [0, 2]], [[2, 0], [1, 1]]]


def test_cell_accuracy_by_hand(counts):
    assert fairness.cell_accuracy(counts)[0].tolist() == [[0.5, 1.0], [1.0, 0.5]]


def test_accuracy_by_hand(counts):
    assert fairness.accuracy(counts)[0].tolist() == [0.75, 0.75]


def test_balanced_accuracy_by_hand(counts):
    assert fairness.balanced_accuracy(counts)[0].tolist() == [0.75, 0.75]


def test_equalized_odds_difference_by_hand(counts):
    assert fairness.equalized_odds_difference(counts)[0] == 0.5


def test_demographic_parity_difference_by_hand(counts):
    assert fairness.demographic_parity_difference(counts)[0] == 0.5  # 3 of 4 against 1 of 4


def test_gap_is_best_minus_worst_and_not_one_minus_that():
    assert fairness.gap(np.array([[0.9, 0.6, 0.7]]))[0] == pytest.approx(0.3)


def test_agrees_with_fairlearn_on_three_groups(random_rows):
    labels, answers, groups = random_rows
    counts = count(labels, answers, groups, 3)
    parity = demographic_parity_difference(labels, answers, sensitive_features=groups)
    odds = equalized_odds_difference(labels, answers, sensitive_features=groups)
    assert fairness.demographic_parity_difference(counts)[0] == pytest.approx(parity)
    assert fairness.equalized_odds_difference(counts)[0] == pytest.approx(odds)


def test_agrees_with_metric_frame(random_rows):
    labels, answers, groups = random_rows
    counts = count(labels, answers, groups, 3)
    frame = MetricFrame(
        metrics={
            "balanced": balanced_accuracy_score,
            "rate": selection_rate,
            "found": true_positive_rate,
        },
        y_true=labels,
        y_pred=answers,
        sensitive_features=groups,
    )
    assert fairness.balanced_accuracy(counts)[0] == pytest.approx(frame.by_group["balanced"])
    assert fairness.selection_rates(counts)[0, :, 1] == pytest.approx(frame.by_group["rate"])
    assert fairness.cell_accuracy(counts)[0, :, 1] == pytest.approx(frame.by_group["found"])
    balanced_gap = frame.difference()["balanced"]
    ours = fairness.gap(fairness.balanced_accuracy(counts))[0]
    assert ours == pytest.approx(balanced_gap)


def test_a_group_without_positives_is_undefined_where_fairlearn_says_zero():
    labels = np.array([0, 0, 0, 1])
    groups = np.array([0, 0, 1, 1])
    frame = MetricFrame(
        metrics=true_positive_rate, y_true=labels, y_pred=labels, sensitive_features=groups
    )
    assert frame.by_group[0] == 0
    assert np.isnan(fairness.cell_accuracy(count(labels, labels, groups))[0, 0, 1])


@pytest.mark.parametrize(
    "difference",
    [
        fairness.equalized_odds_difference,
        lambda counts: fairness.gap(fairness.balanced_accuracy(counts)),
        lambda counts: fairness.cell_accuracy(counts).min(axis=(1, 2)),
    ],
)
def test_an_undefined_group_is_never_skipped(difference):
    labels = np.array([0, 1, 0, 0, 0, 1])  # group 1 has no positives
    groups = np.array([0, 0, 1, 1, 2, 2])
    assert np.isnan(difference(count(labels, labels, groups, 3))[0])


def test_demographic_parity_with_a_group_of_nobody_is_undefined():
    assert np.isnan(fairness.demographic_parity_difference(count(LABELS, ANSWERS, GROUPS, 3))[0])


def test_three_classes_by_hand():
    # Group 0 answers all right; group 1 calls its only "2" a "0".
    labels, groups = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 1, 1, 1])
    counts = count(labels, np.array([0, 1, 2, 0, 1, 0]), groups, 2, 3)
    assert fairness.cell_accuracy(counts)[0].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert fairness.equalized_odds_difference(counts)[0] == 1
    assert fairness.demographic_parity_difference(counts)[0] == pytest.approx(1 / 3)


def test_weights_of_zero_take_rows_away():
    weights = np.array([[0.0, 1, 1, 1, 1, 1, 1, 1]])  # without group 0's rightly answered well
    assert fairness.cell_accuracy(count(LABELS, ANSWERS, GROUPS, weights=weights))[0, 0, 0] == 0
