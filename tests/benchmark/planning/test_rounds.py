"""Runs are ordered by what a reader learns per second."""

from types import SimpleNamespace

import pytest

from benchmark.planning.rounds import Rounds, in_rounds, round_of
from benchmark.records.unfinished import Unfinished

SECONDS = {"short": 1.0, "long": 9.0, "base": 20.0, "tuned": 90.0, "drawn": 40.0}
RIVALS = {"tuned": ("long", "base")}


class Timed:
    """The costs of a machine on which everything was timed; brains take a second longer."""

    def seconds(self, config):
        return SECONDS[config.method.name] + (config.task.name == "brain")


class Untimed:
    def seconds(self, config):
        return None


def planned(name, task, seed):
    generator = name in ("base", "tuned", "drawn")
    method = SimpleNamespace(
        name=name, trains_generator=generator, compare_with=RIVALS.get(name, ())
    )
    return SimpleNamespace(
        task=task,
        status="unfinished",
        config=SimpleNamespace(method=method, seed=seed, task=SimpleNamespace(name=task)),
    )


@pytest.fixture
def ordered():
    """The order of a plan that is listed method by method, as the command lists it."""
    seeds = {"base": (0, 1), "drawn": (0, 1), "long": (0, 1, 2), "short": (0, 1, 2), "tuned": (0,)}
    runs = [
        planned(name, task, seed)
        for name, of in seeds.items()
        for seed in of
        for task in ("brain", "heart")
    ]
    return in_rounds(runs, Timed())


def test_classifiers_come_seed_by_seed_and_then_generators_seed_by_seed(ordered):
    rounds = [round_of(run) for run in ordered]
    in_turn = [(False, 0), (False, 1), (False, 2), (True, 0), (True, 1)]
    assert list(dict.fromkeys(rounds)) == in_turn
    assert rounds == sorted(rounds)


def test_long_rows_come_first_and_tasks_change_fastest(ordered):
    first = [(run.config.method.name, run.task) for run in ordered[:4]]
    assert first == [("long", "brain"), ("long", "heart"), ("short", "brain"), ("short", "heart")]


def test_what_trains_the_shared_part_comes_before_the_rows_that_must_beat_it(ordered):
    names = [run.config.method.name for run in ordered if round_of(run) == (True, 0)]
    assert list(dict.fromkeys(names)) == ["base", "tuned", "drawn"]


def test_where_nothing_was_timed_the_table_of_costs_orders_rows():
    runs = [planned(name, "brain", 0) for name in ("majority_class", "erm", "erm_same_compute")]
    names = [run.config.method.name for run in in_rounds(runs, Untimed())]
    assert names == ["erm_same_compute", "erm", "majority_class"]


def test_a_round_is_over_with_its_last_run_and_says_how_far_the_plan_is(ordered):
    done, *todo = plan = [*ordered[:3], *ordered[4:5], *ordered[-2:]]
    done.status = "done"
    rounds = Rounds(plan)
    assert rounds.left == [2, 1, 2]
    ends = [rounds.end(run, "failed" if run is todo[1] else "done") for run in todo[:3]]
    assert ends == [
        None,
        Unfinished(total=6, done=2, failed=1, more_seeds=1, to_come=("drawn",)),
        Unfinished(total=6, done=3, failed=1, more_seeds=0, to_come=("drawn",)),
    ]
    assert [rounds.end(run, "done") for run in todo[3:]] == [None, None]  # nothing is left


def test_a_run_that_failed_before_is_still_to_come(ordered):
    once, other = ordered[0], ordered[-1]
    once.status = "failed"
    so_far = Rounds([once, other]).end(other, "done")
    assert (so_far.done, so_far.failed, so_far.to_come) == (1, 0, ("long",))
