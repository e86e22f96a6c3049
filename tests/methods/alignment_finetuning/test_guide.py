"""The guide: calibrated, honest about groups, and refused where it guesses."""

import dataclasses

import numpy as np
import pytest

from benchmark.generation.mix_targets import read_target
from methods.alignment_finetuning.guide import refuse_unknown_groups, temperature_of, trained_guide


@pytest.fixture
def target(ctx):
    return read_target("uniform", ctx.card, ("site",))


def test_probabilities_that_are_too_sure_get_the_temperature_that_they_lack():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    truth = (probabilities.cumsum(1) < rng.random((len(logits), 1))).sum(1)
    assert temperature_of(3 * logits, truth) == pytest.approx(3, rel=0.05)


def test_accuracy_per_group_is_reported(splits, ctx, target):
    guide = trained_guide([splits.train], [splits.val], target, ctx)
    (accuracy, *_) = [c for c in ctx.curves if "accuracy, north" in c]
    groups = target.encode(splits.val.table, ctx.card)
    right = guide.read(splits.val.images).argmax(1) == groups
    assert accuracy["accuracy, north"] == pytest.approx(right[groups == 0].mean())
    assert "guide: right on val for north" in " ".join(ctx.say.__self__)


def test_a_guide_that_guesses_stops_the_run(splits, ctx, target):
    rng = np.random.default_rng(1)
    shuffled = splits.val.table.assign(site=rng.permutation(splits.val.table["site"]))
    val = dataclasses.replace(splits.val, table=shuffled)
    with pytest.raises(ValueError, match="no better than guessing among 2"):
        trained_guide([splits.train], [val], target, ctx)


def test_a_column_with_one_value_in_train_is_refused(splits, ctx, target):
    rows = np.flatnonzero(splits.train.table["site"] == "north")
    with pytest.raises(ValueError, match="has site 'north'; no training patient is 'south'"):
        refuse_unknown_groups(splits.train.take(rows), splits.val, target, ctx.card)
