"""The rule that turns probabilities into answers, and how its operating point is estimated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from benchmark.metrics import decision


def two(positive):
    positive = np.asarray(positive, dtype=float)
    return np.stack([1 - positive, positive], axis=1)


def sigmoid(logit):
    return 1 / (1 + np.exp(-np.asarray(logit, dtype=float)))


def threshold(labels, positive):
    return decision.threshold_of(decision.balanced_offsets(np.array(labels), two(positive)))


def drawn(n, share, shift, seed):
    """Logits of two classes, normal around 0 and 2, all moved by shift."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) < share * n).astype(int)
    return labels, sigmoid(rng.normal(size=n) + 2 * labels + shift)


def test_classes_that_mirror_each_other_are_cut_in_the_middle():
    assert threshold([0, 0, 1, 1], [0.2, 0.4, 0.6, 0.8]) == pytest.approx(0.5)


def test_a_class_weighs_the_same_however_rare_it_is():
    once = threshold([0, 0, 1, 1], [0.1, 0.3, 0.2, 0.7])
    thrice = threshold([0, 0, 0, 0, 0, 0, 1, 1], [*[0.1, 0.3] * 3, 0.2, 0.7])
    assert thrice == pytest.approx(once)


def test_the_cut_is_that_of_a_class_balanced_logistic_regression():
    labels, positive = drawn(500, 0.2, -1.5, 0)
    logit = np.log(positive / (1 - positive))[:, None]
    theirs = LogisticRegression(C=1e6, class_weight="balanced").fit(logit, labels)
    cut = -theirs.intercept_[0] / theirs.coef_[0, 0]
    assert threshold(labels, positive) == pytest.approx(sigmoid(cut), abs=1e-3)


def test_the_cut_of_normal_classes_is_halfway_between_their_means():
    labels, positive = drawn(40_000, 0.3, -1.5, 1)
    assert np.log(1 / threshold(labels, positive) - 1) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_answers_do_not_depend_on_scale_and_shift_of_the_logit(scale):
    labels, positive = drawn(300, 0.3, 0.0, 2)
    logit = np.log(positive / (1 - positive))
    moved = sigmoid(scale * logit - 0.7)
    answers = [
        decision.decide(two(p), decision.balanced_offsets(labels, two(p)))
        for p in (positive, moved)
    ]
    assert (answers[0] == answers[1]).all()


@pytest.mark.parametrize(("labels", "classes"), [([1, 1, 1], 2), ([0, 2, 2], 3)])
def test_with_a_class_missing_the_most_probable_class_is_the_answer(labels, classes):
    probability = np.full((3, classes), 1 / classes)
    probability[0] = np.eye(classes)[0]
    offsets = decision.balanced_offsets(np.array(labels), probability)
    assert offsets == (0.0,) * classes


def test_constant_probabilities_leave_the_most_probable_class():
    assert decision.balanced_offsets(np.array([0, 1, 1]), two([0.3, 0.3, 0.3])) == (0.0, 0.0)


def test_classes_without_overlap_are_cut_between_them():
    assert 0.2 < threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9]) < 0.6
    assert threshold([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0]) == pytest.approx(0.5)


def test_probabilities_that_are_wrong_way_round_are_cut_halfway_and_not_turned():
    """The mean logits of both classes are -2 and 2, so halfway is 0: probability one half."""
    labels, positive = np.array([1, 1, 0, 0]), sigmoid([-3.0, -1.0, 1.0, 3.0])
    offsets = decision.balanced_offsets(labels, two(positive))
    assert decision.threshold_of(offsets) == pytest.approx(0.5)
    assert decision.decide(two(positive), offsets).tolist() == [0, 0, 1, 1]


def test_one_patient_on_the_other_side_moves_the_cut_little():
    """Version 1 jumped from one gap to another when a single patient changed."""
    labels, positive = drawn(500, 0.3, 0.0, 3)
    before = threshold(labels, positive)
    for place in range(0, 500, 25):
        turned = positive.copy()
        turned[place] = 1 - turned[place]
        assert abs(threshold(labels, turned) - before) < 0.02


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=30))
@settings(deadline=None, max_examples=200)
def test_the_cut_lies_between_the_smallest_and_the_largest_probability(rows):
    labels, steps = np.array(rows).T
    positive = steps / 8
    if len(set(labels)) < 2 or len(set(steps)) < 2:
        return
    assert positive.min() - 1e-6 <= threshold(labels, positive) <= positive.max() + 1e-6


def test_three_classes_are_found_about_equally_often():
    rng = np.random.default_rng(4)
    labels = rng.choice(3, size=6000, p=[0.7, 0.2, 0.1])
    scores = rng.normal(size=(6000, 3)) + 1.5 * np.eye(3)[labels] + [1.0, 0.0, -1.0]
    probability = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    answers = decision.decide(probability, decision.balanced_offsets(labels, probability))
    found = [np.mean(answers[labels == c] == c) for c in range(3)]
    assert max(found) - min(found) < 0.05
    plain = [np.mean(probability.argmax(axis=1)[labels == c] == c) for c in range(3)]
    assert max(plain) - min(plain) > 0.3


def test_equals_go_to_the_first_class():
    assert decision.decide(two([0.4, 0.5, 0.6]), (0.0, 0.0)).tolist() == [0, 0, 1]


@pytest.mark.parametrize("threshold", [0.5, 0.3, 0.2, 0.7, 0.9])
def test_an_own_threshold_is_reached_from_its_own_value_on(threshold):
    below = np.nextafter(threshold, 0)
    answers = decision.decide(two([below, threshold]), decision.rule_of(threshold, 2))
    assert answers.tolist() == [0, 1]


def test_without_a_threshold_of_its_own_the_most_probable_class_is_the_answer():
    assert decision.rule_of(None, 2) == (0.0, 0.0)
    assert decision.rule_of(0.3, 3) == decision.rule_of(None, 3) == (0.0, 0.0, 0.0)
    assert decision.threshold_of((0.0, 0.0, 0.0)) is None
