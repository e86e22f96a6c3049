"""What images of neutral sentences are worth, on made-up features."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.generation.judging.cost_of_tuning import distances_of_mix, most_of_mixes
from benchmark.generation.mix_targets import read_target

TASK = toy_task(2, 2)


@pytest.fixture(scope="module")
def judge():
    """Features of test patients that part the sites; 32 of each."""
    splits = TASK.load(Source(image_size=32, train=8, val=8, test=64), TASK.knobs.variant(), 0)
    north = (splits.test.table["site"] == "north").to_numpy()
    features = np.random.default_rng(0).normal(size=(64, 2)) + 10 * north[:, None]
    ctx = SimpleNamespace(card=TASK.card, rng=lambda purpose: np.random.default_rng(1))
    return SimpleNamespace(splits=splits, test=features, ctx=ctx)


def test_so_many_patients_are_chosen_as_every_mix_has():
    assert most_of_mixes(np.array([30, 30]), np.array([[0.5, 0.5], [0.75, 0.25]])) == 40
    assert most_of_mixes(np.array([30, 0]), np.array([[1.0, 0.0]])) == 30
    assert most_of_mixes(np.array([30, 0]), np.array([[0.9, 0.1]])) == 0


def test_a_mix_nearer_to_that_of_test_alone_makes_images_no_better(judge):
    """Real patients of a skewed and of an even mix: as good as each other, whoever is drawn."""
    target = read_target("uniform", TASK.card, ("site",))
    groups = target.encode(judge.splits.test.table, TASK.card)
    skewed = np.concatenate([judge.test[groups == 0][:8], judge.test[groups == 1][:24]])
    features = {"before": skewed, "after": judge.test}
    mixes = {"before": np.array([0.25, 0.75]), "after": np.array([0.5, 0.5])}
    found = distances_of_mix(features, mixes, target, judge)
    assert max(found.values()) < 1.0  # against patients of the other's mix it is above 5
    wrong = distances_of_mix(features, {**mixes, "before": mixes["after"]}, target, judge)
    assert wrong["before"] > 5


def test_of_groups_that_test_lacks_nothing_is_said(judge):
    target = read_target("uniform", TASK.card, ("site",))
    north = judge.splits.test.take(np.flatnonzero(judge.splits.test.table["site"] == "north"))
    none = SimpleNamespace(**{**vars(judge), "splits": SimpleNamespace(test=north)})
    mixes = {"after": np.array([0.5, 0.5])}
    assert distances_of_mix({"after": judge.test}, mixes, target, none) == {"after": None}
