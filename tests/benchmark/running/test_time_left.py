"""Time left: right within 30 % once a few runs have ended, though no run was timed before."""

from types import SimpleNamespace

import pytest

from benchmark.planning.costs import STARTING, Costs, multiples, time_to_end
from benchmark.running.time_left import TimeLeft


def config(method, generator=False, task="hearts"):
    return SimpleNamespace(
        task=SimpleNamespace(name=task),
        preset=SimpleNamespace(name="quick"),
        method=SimpleNamespace(name=method, trains_generator=generator),
    )


def test_the_end_is_that_of_the_last_worker():
    assert time_to_end([(10, 4), (8, 0)], [5, 20], 2) == 8 + 20
    assert time_to_end([], [3, 3, 3], 2) == 6
    assert time_to_end([(10, 90)], [], 1) == 0.5  # over its time: it may end any moment


def test_an_untimed_method_is_priced_by_the_table_and_a_timed_run_of_another():
    costs = Costs()
    assert costs.seconds(config("erm")) is None
    costs.add(config("erm"), 20 + STARTING)
    assert costs.seconds(config("controlnet_synthesis", True)) == pytest.approx(6.5 * 20 + STARTING)
    assert costs.seconds(config("mine")) == pytest.approx(20 + STARTING)
    dearest = max(multiples().values())
    assert costs.seconds(config("mine", True)) == pytest.approx(dearest * 20 + STARTING)
    assert costs.is_guess(config("mine")) and not costs.is_guess(config("dfr"))


def test_timed_runs_beat_the_table_and_the_task_beats_others():
    costs = Costs(erm=1.0)
    costs.add(config("dfr", task="brains"), 50)
    assert costs.seconds(config("dfr")) == 50
    costs.add(config("dfr"), 30)
    assert costs.seconds(config("dfr")) == 30
    assert costs.seconds(config("dfr", task="brains")) == 50


def test_after_some_short_runs_the_long_ones_are_told_within_30_percent():
    slow = 2.5  # this machine is slower than the probe said
    left = TimeLeft(Costs(erm=10.0), parallel=2)
    to_do = [config("controlnet_synthesis", True), config("alignment_finetuning", True)] * 2
    for name in ("erm", "dfr", "group_dro", "oracle"):
        left.ended(config(name), slow * (10 * multiples()[name] + STARTING))
    truth = slow * (10 * (multiples()["controlnet_synthesis"] * 2) + 2 * STARTING)
    truth = max(truth, slow * (10 * multiples()["alignment_finetuning"] * 2 + 2 * STARTING))
    assert left.seconds([], to_do) == pytest.approx(truth, rel=0.3)


def test_nothing_is_told_where_nothing_is_known():
    assert TimeLeft(Costs(), 1).seconds([], [config("erm")]) is None
