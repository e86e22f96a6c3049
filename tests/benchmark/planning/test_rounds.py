"""Runs are ordered by what a reader learns per second."""

from types import SimpleNamespace

import pytest

from benchmark.planning.rounds import Rounds, in_rounds, round_of

COSTS = {"short": 1.0, "long": 9.0, "base": 20.0, "tuned": 90.0, "drawn": 40.0}
RIVALS = {"tuned": ("long", "base")}


def planned(name, task, seed):
    generator = name in ("base", "tuned", "drawn")
    method = SimpleNamespace(
        name=name, trains_generator=generator, compare_with=RIVALS.get(name, ())
    )
    return SimpleNamespace(
        task=task, config=SimpleNamespace(method=method, seed=seed, task=SimpleNamespace(name=task))
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
    return in_rounds(runs, COSTS)


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


def test_a_method_nobody_has_timed_counts_as_average():
    runs = [planned(name, "brain", 0) for name in ("short", "new", "long")]
    names = [run.config.method.name for run in in_rounds(runs, {"short": 1.0, "long": 9.0})]
    assert names == ["long", "new", "short"]


def test_a_round_is_over_with_its_last_run(ordered):
    rounds = Rounds(ordered[:3] + ordered[4:5])
    assert len(rounds) == 2
    assert [rounds.end(run) for run in (*ordered[:2], ordered[4], ordered[2])] == [
        False, False, True, True,
    ]  # fmt: skip
    assert len(rounds) == 0
