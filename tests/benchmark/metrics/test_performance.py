import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from torchmetrics.classification import BinaryAUROC, MulticlassAUROC

from benchmark.metrics import performance

# Few distinct values, so that ties are common.
rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=1, max_size=30)


def two(positive):
    positive = np.asarray(positive, dtype=float)
    return np.stack([1 - positive, positive], axis=1)


def once(labels):
    return np.ones((1, len(labels)))


def auroc(labels, positive):
    labels = np.asarray(labels)
    return float(performance.auroc(labels, two(positive), once(labels))[0])


@pytest.mark.parametrize(
    ("labels", "positive", "expected"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 1.0),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], 0.0),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], 0.75),  # of 4 pairs, 0.2 against 0.3 is lost
        ([0, 1], [0.5, 0.5], 0.5),
        ([0, 0, 1, 1], [0.2, 0.5, 0.5, 0.9], 0.875),  # one of four pairs is a tie
    ],
)
def test_auroc_by_hand(labels, positive, expected):
    assert auroc(labels, positive) == expected


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], []])
def test_auroc_with_one_class_is_undefined(labels):
    assert np.isnan(auroc(labels, np.linspace(0.1, 0.9, len(labels))))


def test_auroc_agrees_with_sklearn_and_torchmetrics_under_ties():
    rng = np.random.default_rng(0)
    labels, positive = rng.integers(2, size=300), rng.integers(20, size=300) / 20
    ours = auroc(labels, positive)
    assert ours == pytest.approx(roc_auc_score(labels, positive), abs=1e-12)
    theirs = BinaryAUROC()(torch.tensor(positive), torch.tensor(labels))
    assert ours == pytest.approx(float(theirs), abs=1e-6)


def test_auroc_weights_agree_with_sklearn():
    rng = np.random.default_rng(1)
    labels, positive = rng.integers(2, size=200), rng.integers(30, size=200) / 30
    weights = rng.integers(4, size=(5, 200)).astype(float)
    ours = performance.auroc(labels, two(positive), weights)
    theirs = [roc_auc_score(labels, positive, sample_weight=w) for w in weights]
    assert ours == pytest.approx(theirs, abs=1e-12)


def test_three_class_auroc_is_one_against_the_rest_macro():
    rng = np.random.default_rng(2)
    labels = rng.integers(3, size=300)
    probability = rng.dirichlet([1, 1, 1], 300)
    ours = float(performance.auroc(labels, probability, once(labels))[0])
    sklearn = roc_auc_score(labels, probability, multi_class="ovr", average="macro")
    assert ours == pytest.approx(sklearn, abs=1e-12)
    theirs = MulticlassAUROC(3)(torch.tensor(probability), torch.tensor(labels))
    assert ours == pytest.approx(float(theirs), abs=1e-6)


def test_three_class_auroc_without_one_class_is_undefined():
    labels = np.array([0, 1, 0, 1])
    probability = np.random.default_rng(0).dirichlet([1, 1, 1], 4)
    assert np.isnan(performance.auroc(labels, probability, once(labels))[0])


@given(rows)
@settings(deadline=None, max_examples=60)
def test_auroc_keeps_its_value_under_a_rising_transform(drawn):
    labels, steps = np.array(drawn).T
    assert auroc(labels, steps / 8) == pytest.approx(auroc(labels, (steps / 8) ** 3), nan_ok=True)


@given(rows, st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_auroc_ignores_the_order_of_the_rows(drawn, seed):
    labels, steps = np.array(drawn).T
    order = np.random.default_rng(seed).permutation(len(labels))
    shuffled = auroc(labels[order], steps[order] / 8)
    assert auroc(labels, steps / 8) == pytest.approx(shuffled, nan_ok=True)


def test_whole_weights_are_the_same_as_repeated_rows():
    labels, positive = np.array([0, 1, 0, 1]), np.array([0.1, 0.3, 0.5, 0.7])
    times = np.array([2, 1, 3, 0])
    weighted = performance.auroc(labels, two(positive), times[None].astype(float))[0]
    assert weighted == auroc(labels.repeat(times), positive.repeat(times))


def test_brier_and_log_loss_by_hand():
    labels, probability = np.array([1, 0]), two([0.8, 0.5])
    assert performance.brier_losses(labels, probability) == pytest.approx([0.04, 0.25])
    assert performance.log_losses(labels, probability) == pytest.approx(-np.log([0.8, 0.5]))


@pytest.mark.parametrize("classes", [2, 3])
def test_brier_and_log_loss_agree_with_sklearn(classes):
    rng = np.random.default_rng(3)
    labels, probability = rng.integers(classes, size=200), rng.dirichlet([1] * classes, 200)
    brier = performance.weighted_mean(performance.brier_losses(labels, probability), once(labels))
    loss = performance.weighted_mean(performance.log_losses(labels, probability), once(labels))
    if classes == 2:
        theirs = brier_score_loss(labels, probability[:, 1])
    else:
        theirs = brier_score_loss(labels, probability, scale_by_half=True)
    assert brier[0] == pytest.approx(theirs)
    assert loss[0] == pytest.approx(log_loss(labels, probability), abs=1e-6)


def test_log_loss_of_a_certain_mistake_is_finite():
    assert performance.log_losses(np.array([1]), two([0.0]))[0] == pytest.approx(15.94, abs=0.01)


def test_mean_of_nothing_is_undefined():
    assert np.isnan(performance.weighted_mean(np.array([]), np.ones((1, 0)))[0])
