import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.generation.judging import group_counter
from benchmark.generation.judging.group_counter import (
    GroupCounter,
    confusion,
    effective_number,
    fits,
    is_reliable,
    trained_group_counter,
    weights_as_in_train,
)
from benchmark.generation.mix_targets import read_target
from benchmark.running import predictions


@pytest.fixture(scope="module")
def task():
    return toy_task(2, 2)


@pytest.fixture(scope="module")
def splits(task):
    return task.load(Source(image_size=32, train=80, val=40, test=64), task.knobs.variant(), 0)


@pytest.fixture
def ctx(task, make_spec):
    return predictions.make_context(task, predictions.JUDGE, make_spec(), lambda line: None)


def finding(north):
    """A reader that finds the same probability of a northerner in every image."""
    read = {"site": np.array([[north, 1 - north]] * 2)}
    return SimpleNamespace(probabilities=lambda images: read)


def test_the_first_count_is_the_mean_of_all_networks(task):
    target = read_target("uniform", task.card, ("site",))
    found = GroupCounter({"one": finding(0.2), "other": finding(0.6)}).read(np.zeros(2), target)
    assert found["all"] == pytest.approx(np.array([[0.4, 0.6]] * 2))
    assert list(found) == ["all", "one", "other"]


def test_networks_of_new_patients_are_shared_by_all_seeds(splits, ctx):
    def folders():
        return {path.name for path in ctx.cache.root.glob("juror-*-words*") if path.is_dir()}

    trained_group_counter(splits.train, None, ctx)
    first = folders()
    assert len(first) == 3  # blocks of train, blocks and detail of new patients
    trained_group_counter(splits.train, None, dataclasses.replace(ctx, seed=1))
    assert len(folders() - first) == 1  # blocks of train


def test_without_new_patients_all_networks_learn_from_train(splits, ctx):
    members = trained_group_counter(splits.train, None, dataclasses.replace(ctx, draw=None)).readers
    assert list(members) == ["blocks", "detail"]


def test_a_prompt_fits_patients_of_whom_it_names_nothing_wrong():
    table = pd.DataFrame({"label": ["high", "low", "high"], "site": ["north", "north", "south"]})
    assert fits(table, pd.Series({"label": "high", "site": None})).tolist() == [True, False, True]


def test_judges_compare_with_groups_that_are_mixed_within_as_train_is(task, splits):
    """Of northerners three in four are high in train, of southerners none; test has all alike."""
    table = pd.DataFrame(
        {"label": ["high"] * 3 + ["low"] * 3, "site": ["north"] * 4 + ["south"] * 2}
    )
    cells = pd.DataFrame(
        {"label": ["high", "low", "high", "low"], "site": ["north", "north", "south", "south"]}
    )
    train, test = (
        dataclasses.replace(splits.train.take(np.arange(len(t))), table=t) for t in (table, cells)
    )
    assert weights_as_in_train(test, train, task.card) == pytest.approx([3 / 6, 1 / 6, 0, 2 / 6])


def test_errors_are_shares_of_the_true_group():
    found, truth = np.array([0, 1, 1, 1]), np.array([0, 0, 0, 1])
    shares = confusion(found, truth, np.array([2.0, 1.0, 1.0, 5.0]), 3)
    assert shares.tolist() == [[0.5, 0, 0], [0.5, 1, 0], [0, 0, 0]]


def test_patients_of_unequal_weight_say_less():
    assert effective_number(np.ones(5)) == 5
    assert effective_number(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert effective_number(np.zeros(3)) == 0


def test_errors_are_counted_prompt_by_prompt(monkeypatch):
    """Of three northerners the counter takes one for a southerner: the one of the second prompt."""
    monkeypatch.setattr(group_counter, "FEWEST", 1)
    truth, found = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    fitting = [np.array([True, True, False, True]), np.array([False, False, True, False])]
    errors = group_counter.compare(found, truth, fitting, np.ones(4), 2)
    assert errors.confusion[0].tolist() == [[1, 0], [0, 1]]
    # Nobody fits the second prompt who is from the south: there it is as in all together.
    assert errors.confusion[1].tolist() == [[0, 0], [1, 1]]
    assert errors.right == pytest.approx([2 / 3, 1])


def test_a_group_that_train_lacks_is_taken_as_test_has_it(monkeypatch):
    monkeypatch.setattr(group_counter, "FEWEST", 1)
    truth, found, weights = np.array([0, 1, 1]), np.array([0, 1, 0]), np.array([1.0, 0.0, 0.0])
    errors = group_counter.compare(found, truth, [np.ones(3, bool)], weights, 2)
    assert errors.confusion[0].tolist() == [[1, 0.5], [0, 0.5]]
    assert errors.right == [1, None]  # train has nobody of this group
    assert not errors.trusted


def test_a_counter_that_does_not_tell_the_groups_is_not_trusted():
    assert is_reliable(np.array([[0.8, 0.25], [0.2, 0.75]]))
    assert not is_reliable(np.array([[0.8, 0.26], [0.2, 0.74]]))
    assert not is_reliable(np.array([[1.0, 1.0], [0.0, 0.0]]))
    assert not is_reliable(np.array([[1.0, 0.0], [0.0, 0.0]]))  # nobody of the second is in test
