from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmark.api.scores import ScoreKey
from leaderboard.rank.means import Estimate
from leaderboard.rank.standings import rank
from leaderboard.read.boards import collect
from leaderboard.words.next_step import next_step
from leaderboard.words.validity import validity
from tests.leaderboard.words.standings import cell, standing


@pytest.fixture(scope="module")
def brain(built):
    board, _ = collect(built.runs).boards
    return board, rank(board)


def answers(board, standings, boards=()):
    return [answer for _, answer in validity(board, standings, boards or [board])]


def with_severity(board, severity):
    knobs = board.variant.knobs | {"severity": severity}
    return replace(board, variant=board.variant.model_copy(update={"knobs": knobs}))


def test_a_board_of_two_seeds_says_what_it_cannot_know(brain):
    board, standings = brain
    failing, differ, halves, bias = answers(board, standings)
    assert failing.startswith(("Yes: its worst-group accuracy is ", "Not shown: its worst"))
    assert "tier" in differ
    assert halves == "Unknown: this takes 4 seeds, and the methods share 2."
    assert bias == (
        "Unknown: no run without bias. Make some with: equipoise run --task brain_mr_sex "
        "--method erm --knob severity=0"
    )


def test_the_board_without_bias_is_found_among_the_runs(brain):
    board, standings = brain
    twin = with_severity(board, 0.0)
    assert answers(board, standings, [board, twin])[3].startswith("Without bias (severity 0) ERM")
    assert answers(twin, standings)[3].startswith("This board has no bias")
    other = replace(twin, card=replace(twin.card, version=2))
    assert answers(board, standings, [board, other])[3].startswith("Unknown")


def test_plain_training_fails_only_where_the_intervals_are_apart(brain):
    board, _ = brain
    plain = standing("erm", 0.6, seeds=2)
    plain.get = lambda key: Estimate(None)
    assert answers(board, [plain])[0] == (
        "Yes: its worst-group accuracy is 60.0% (at most 65.0%), and the interval of its accuracy "
        "over all, 78.0% to 82.0%, lies above that."
    )
    near = standing("erm", 0.75, seeds=2)
    near.get = plain.get
    assert answers(board, [near])[0].startswith("Not shown: its worst-group accuracy is 75.0%")
    assert answers(board, [])[0] == "Unknown: ERM is not on this board."


def test_the_ceiling_says_how_much_more_can_be_learnt(brain):
    board, _ = brain
    cohort = replace(board.cohort, ceilings={cell("female"): 0.9, cell("male"): 0.8})
    plain = standing("erm", 0.6, seeds=2)
    plain.get = lambda key: Estimate({"female": 0.6, "male": 0.7}[key.values[0]])
    words = answers(replace(board, cohort=cohort), [plain])[0]
    assert words.endswith("It stays up to 30.0 points below the ceiling of a cell.")


def test_two_halves_of_four_seeds_are_compared(brain):
    board, _ = brain
    headline = ScoreKey("worst_group_accuracy")

    def row(name, *values):
        found = standing(name, seeds=len(values))
        keys = SimpleNamespace(places={headline: 0})
        tables = [SimpleNamespace(keys=keys, values=[[value]]) for value in values]
        runs = [SimpleNamespace(table=FakeTable(table)) for table in tables]
        found.row = SimpleNamespace(name=name, done=runs, seeds=tuple(range(len(values))))
        return found

    rows = [row("a", 0.5, 0.5, 0.5, 0.5), row("b", 0.6, 0.6, 0.6, 0.6)]
    assert answers(board, rows)[2].startswith("Much alike: Kendall's tau")


class FakeTable:
    """A table with one score."""

    def __init__(self, table):
        import numpy as np

        self.keys, self.values = table.keys, np.array(table.values)


def test_the_next_step_is_one_command_with_the_method_that_helped(brain):
    board, _ = brain
    rows = [
        standing("first", 0.7, (0.1, 0.2, 5), place=1),
        standing("proven", 0.69, (0.09, 0.02, 5), place=2),
        standing("erm", 0.6, place=3),
    ]
    command = "equipoise run --task brain_mr_sex --cohort YOUR_FOLDER --method erm --method "
    assert next_step(board, rows) == command + "proven"
    assert next_step(board, rows[:1] + rows[2:]) == command + "first"
    facts = replace(board.facts, kind="table")
    assert next_step(replace(board, facts=facts), rows) == ""
