"""Boards are keyed by the content of their settings and by the kind of their seeds."""

import copy

import pytest

from leaderboard.read.boards import collect


@pytest.fixture
def write(fake, tmp_path):
    """Write a run whose preset has other values; with a generator where one is given."""

    def written(method, seed=0, *, name="quick", steps=None, train=None, generator=None, row=None):
        config = fake.config(fake.BRAIN, method, seed)
        preset = copy.deepcopy(config["preset"]) | {"name": name, "generator": generator}
        preset["classifier"]["steps"] = steps or preset["classifier"]["steps"]
        preset["source"]["train"] = train or preset["source"]["train"]
        row = row or config["row"]
        changes = {
            "preset": preset,
            "row": row,
            "run": f"{method.name}/{name}-seed-{seed}-{row}",
            "method": config["method"] | {"trains_generator": generator is not None},
        }
        return fake.write_run(tmp_path / "runs", fake.BRAIN, method, seed, changes=changes)

    return written


@pytest.fixture
def boards(tmp_path):
    return lambda: collect(tmp_path / "runs").boards


def rows_of(board):
    return [row.name for row in board.rows]


def test_two_presets_of_one_name_are_two_boards_that_say_what_differs(write, boards, fake):
    write(fake.METHODS[0])
    write(fake.METHODS[1], steps=999)
    found = {board.distinct: rows_of(board) for board in boards()}
    assert found == {
        ("classifier.steps 360",): ["erm"],
        ("classifier.steps 999",): ["group_resampling"],
    }
    assert len({board.slug for board in boards()}) == 2


def test_the_name_of_a_preset_makes_no_board(write, boards, fake):
    write(fake.METHODS[0])
    write(fake.METHODS[1], name="mine")
    (board,) = boards()
    assert rows_of(board) == ["erm", "group_resampling"]


def test_one_run_under_two_names_of_a_preset_counts_once(write, boards, fake):
    write(fake.METHODS[0])
    write(fake.METHODS[0], name="mine")
    assert [row.seeds for row in boards()[0].rows] == [(0,)]


def test_seeds_for_choosing_settings_have_a_board_of_their_own(write, boards, fake):
    for seed in (0, 100):
        write(fake.METHODS[0], seed)
    found = {board.development: (board.seeds, board.slug) for board in boards()}
    assert found[False][0] == (0,) and found[True][0] == (100,)
    assert found[True][1].endswith("-development")


def test_a_row_without_a_generator_stands_on_the_boards_of_all_generators(write, boards, fake):
    write(fake.METHODS[0])
    for steps in (1, 2):
        write(fake.METHODS[7], generator={"steps": steps}, row=f"{steps}" * 8)
    found = {board.distinct: rows_of(board) for board in boards()}
    assert found == {
        ("generator.steps 1",): ["controlnet_synthesis", "erm"],
        ("generator.steps 2",): ["controlnet_synthesis", "erm"],
    }


def test_one_generator_is_one_board(write, boards, fake):
    write(fake.METHODS[0])
    write(fake.METHODS[7], generator={"steps": 1})
    (board,) = boards()
    assert board.distinct == () and board.preset.generator == {"steps": 1}
