import os

import pytest

from leaderboard import each_board as module
from leaderboard.build import build
from leaderboard.each_board import each_board
from leaderboard.read.boards import collect


@pytest.fixture(scope="module")
def boards(built):
    return collect(built.runs).boards


@pytest.fixture
def two_processes(monkeypatch):
    monkeypatch.setattr(module, "MANY", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_few_runs_stay_in_one_process(boards):
    assert each_board(boards, lambda board: os.getpid()) == [os.getpid()] * 2


def test_many_runs_are_shared_out_and_come_back_in_order(boards, two_processes):
    found = each_board(boards, lambda board: (board.slug, os.getpid()))
    assert [slug for slug, _ in found] == [board.slug for board in boards]
    assert os.getpid() not in {process for _, process in found}


def test_an_error_of_one_board_is_an_error(boards, two_processes):
    with pytest.raises(ZeroDivisionError):
        each_board(boards, lambda board: 1 / 0)


def test_the_site_is_the_same_from_several_processes(built, tmp_path, two_processes):
    again = build(built.runs, tmp_path / "out").parent
    before = built.index.parent
    files = [path.relative_to(before) for path in before.rglob("*") if path.is_file()]
    assert len(files) == 7
    assert all((again / name).read_bytes() == (before / name).read_bytes() for name in files)
