import itertools

import pytest
from rich.console import Console

from benchmark.support import progress


def test_a_log_gets_a_line_now_and_then_with_the_time_left(monkeypatch, capsys):
    clock = itertools.count(0, 18)  # every look at the clock, 18 seconds have passed
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    assert list(progress.track("abcde", "Working", 5)) == list("abcde")
    assert capsys.readouterr().err.splitlines() == [
        "Working: 2 of 5, 54 s left",
        "Working: 4 of 5, 18 s left",
    ]


def test_quick_work_is_silent_in_a_log(capsys):
    assert list(progress.track(range(3), "Working", 3)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar(monkeypatch, tmp_path):
    with (tmp_path / "screen").open("w") as screen:
        console = Console(file=screen, force_terminal=True, width=80)
        monkeypatch.setattr(progress, "console", console)
        assert list(progress.track([1, 2], "Working", 2)) == [1, 2]
    assert "Working" in (tmp_path / "screen").read_text()


def test_brackets_in_a_message_are_not_markup(capsys):
    progress.say("value is [red] and [0, 1]")
    assert capsys.readouterr().err == "value is [red] and [0, 1]\n"


def test_an_error_in_the_work_comes_through():
    def work():
        yield 1
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        list(progress.track(work(), "Working", 2))
