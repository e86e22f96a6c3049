"""What a method is given beside its data."""

import pytest

from benchmark.cohorts.toy import ToyTask
from benchmark.running import predictions


@pytest.fixture
def ctx(make_spec):
    return predictions.make_context(ToyTask(), predictions.JUDGE, make_spec(), lambda line: None)


def test_steps_of_all_stages_are_added(ctx):
    ctx.count_steps(3)
    ctx.count_steps(4)
    assert (ctx.steps, ctx.steps_reported) == (7, True)


def test_no_steps_reported_are_not_the_same_as_none_taken(ctx):
    assert (ctx.steps, ctx.steps_reported) == (0, False)
    ctx.count_steps(0)
    assert (ctx.steps, ctx.steps_reported) == (0, True)


@pytest.mark.parametrize("n", [-1, 1.5, True, "3"])
def test_steps_are_a_whole_number(n, ctx):
    with pytest.raises(ValueError, match="takes a whole number from 0 on; got"):
        ctx.count_steps(n)


def test_what_was_trained_once_counts_its_steps_for_whoever_uses_it_once(ctx):
    for _ in range(2):
        ctx.train_once("thing", {"a": 1}, lambda folder, alone: alone.count_steps(5))
    assert ctx.steps == 5


@pytest.mark.parametrize("standard", [True, False])
def test_a_classifier_that_was_trained_once_is_of_the_loop_that_trained_it(standard, ctx):
    def build(folder, alone):
        alone.standard_loop = standard

    ctx.train_once("thing", {"a": 1}, build)
    assert ctx.standard_loop == standard
