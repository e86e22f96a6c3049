import dataclasses
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from baselines.controls.majority_class import MajorityClass
from baselines.dfr import DFR, STRENGTHS, LastLayer, WeightedPatients
from baselines.group_dro import RobustLoss
from baselines.group_undersampling import GroupUndersampling
from benchmark.cohorts.toy import ToyTask
from benchmark.generation.patient_requests import balanced_requests

CELLS = arrays.arrays(np.int64, st.integers(1, 80), elements=st.integers(0, 5))


def test_group_dro_by_hand():
    """Two groups with mean losses 1 and 3, eta 0.1: q ~ (e^0.1, e^0.3)."""
    robust = RobustLoss(torch.tensor([0, 0, 1]), 2, step_size=0.1)
    loss = robust(torch.tensor([0.5, 1.5, 3.0]), torch.tensor([0, 1, 2]))
    a, b = np.exp(0.1), np.exp(0.3)
    assert robust.q.tolist() == pytest.approx([a / (a + b), b / (a + b)])
    assert float(loss) == pytest.approx((a * 1 + b * 3) / (a + b))


def test_group_dro_leaves_the_weight_of_an_absent_group_to_the_others_growth():
    robust = RobustLoss(torch.tensor([0, 1]), 2, step_size=0.5)
    robust(torch.tensor([2.0]), torch.tensor([1]))
    assert robust.q[1] > robust.q[0]


def test_group_dro_gives_all_its_weight_to_a_group_that_stays_worst():
    robust = RobustLoss(torch.tensor([0, 1]), 2, step_size=0.5)
    for _ in range(100):
        robust(torch.tensor([0.1, 1.0]), torch.tensor([0, 1]))
    assert float(robust.q[1]) == pytest.approx(1)


def test_undersampling_cuts_the_common_cell_to_the_level():
    method = GroupUndersampling(quantile=0.0, at_least=1)
    cells = np.array([0] * 10 + [1] * 3)
    rows = method.levelled_rows(cells, np.random.default_rng(0))
    assert np.bincount(cells[rows]).tolist() == [3, 3]


@given(CELLS, st.integers(1, 10))
@settings(deadline=None)
def test_undersampling_keeps_every_cell_and_no_row_twice(cells, at_least):
    method = GroupUndersampling(quantile=0.25, at_least=at_least)
    rows = method.levelled_rows(cells, np.random.default_rng(0))
    assert len(set(rows)) == len(rows)
    assert set(cells[rows]) == set(cells)


def held_out(n, noise, rng):
    """Patients whose first feature shows the label; the others show nothing."""
    labels = np.arange(n) % 2
    features = noise * rng.normal(size=(n, 12))
    features[:, 0] += labels - 0.5
    return WeightedPatients(features / features.std(0), labels, np.ones(n))


def test_the_last_layer_keeps_the_features_that_show_the_label():
    patients = held_out(80, 0.3, np.random.default_rng(0))
    (row,) = patients.fitted(0.03, seed=0)
    assert row[0] > 0 and not row[1:-1].any()


def test_a_cell_that_weighs_more_moves_the_last_layer():
    patients = held_out(80, 1.0, np.random.default_rng(1))
    heavy = dataclasses.replace(patients, weights=np.where(patients.labels == 1, 5.0, 1.0))
    plain, moved = (one.fitted(1.0, seed=0)[0, -1] for one in (patients, heavy))
    assert moved > plain + 1


def test_three_classes_have_a_row_each():
    patients = held_out(90, 0.5, np.random.default_rng(4))
    patients = dataclasses.replace(patients, labels=np.arange(90) % 3)
    assert patients.fitted(0.3, seed=0).shape == (3, 13)


def test_the_loss_of_a_last_layer_by_hand():
    """One feature of 0: both classes have probability 0.5, but for what the bias adds."""
    patients = WeightedPatients(np.zeros((2, 1)), np.array([0, 1]), np.array([0.5, 1.5]))
    assert patients.loss(np.array([[7.0, 0.0]])) == pytest.approx(np.log(2))
    three_to_one = np.array([[7.0, np.log(3)]])  # class 1 has probability 0.75
    assert patients.loss(three_to_one) == pytest.approx(0.25 * np.log(4) + 0.75 * np.log(4 / 3))


def test_the_penalty_that_fits_val_is_chosen(make_spec, monkeypatch):
    """Of two last layers, fitted with the first and the second strength, val prefers the second."""
    import baselines.dfr as module
    from benchmark.running import predictions

    task, spec = ToyTask(), make_spec()
    splits = task.load(spec.source, spec.variant, 0)
    monkeypatch.setattr(module, "train_classifier", lambda *_: FeatureStub())
    monkeypatch.setattr(
        WeightedPatients, "fitted", lambda self, strength, _: np.full((1, 2), strength)
    )
    monkeypatch.setattr(
        WeightedPatients, "loss", lambda self, layer: abs(layer[0, 0] - STRENGTHS[1])
    )
    ctx = predictions.make_context(task, DFR(), spec, lambda line: None)
    assert DFR().fit(splits.train, splits.val, ctx).layer[0, 0] == STRENGTHS[1]


def test_dfr_trains_its_network_and_its_last_layer_on_different_images(make_spec, monkeypatch):
    import baselines.dfr as module
    from benchmark.running import predictions

    task, spec = ToyTask(), make_spec()
    splits = task.load(spec.source, spec.variant, 0)
    trained, featured = [], []

    class Network(FeatureStub):
        def features(self, images):
            featured.append(len(images))
            return images.reshape(len(images), -1)[:, :4]

    monkeypatch.setattr(
        module, "train_classifier", lambda train, *_: (trained.append(train), Network())[1]
    )
    ctx = predictions.make_context(task, DFR(), spec, lambda line: None)
    DFR(held_out=0.25).fit(splits.train, splits.val, ctx)
    assert (len(trained[0]), featured) == (120, [40, len(splits.val)])


class FeatureStub:
    def features(self, images):
        return images.reshape(len(images), -1)


def test_a_last_layer_of_two_classes_by_hand():
    layer = LastLayer(FeatureStub(), np.zeros(1), np.ones(1), np.array([[2.0, -1.0]]))
    probability = layer.predict_proba(np.array([[0.5], [1.0]]))
    assert probability[:, 1].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-1))])


def test_a_last_layer_of_three_classes_sums_to_one():
    layer = LastLayer(FeatureStub(), np.zeros(1), np.ones(1), np.eye(3, 2))
    assert layer.predict_proba(np.ones((4, 1))).sum(1) == pytest.approx(np.ones(4))


def test_majority_class_says_the_frequencies_of_train(make_spec):
    task = ToyTask()
    spec = make_spec()
    splits = task.load(spec.source, spec.variant, 0)
    train = splits.train
    table = pd.DataFrame({"label": ["low"] * 3 + ["high"]})
    train = type(train)(train.images[:4], train.masks[:4], table)

    class Context:
        card = task.card
        counted: ClassVar[list[int]] = []

        def count_steps(self, n):
            self.counted.append(n)

    predictor = MajorityClass().fit(train, splits.val, Context())
    assert Context.counted == [0]
    assert predictor.predict_proba(train.images).tolist() == [[0.75, 0.25]] * 4


@pytest.mark.parametrize("n", [4, 7, 40])
def test_the_oracles_cohort_is_as_level_as_n_allows(n):
    counts = balanced_requests(ToyTask().card, n).value_counts()
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1
