"""What a person sees of a matrix while it runs, in a terminal and in a log."""

import dataclasses
import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmark.planning import plan
from benchmark.planning.costs import Costs
from benchmark.records.run_folder import read_run
from benchmark.running import display, driver
from benchmark.running.display import Display, duration
from benchmark.support import progress


@pytest.fixture
def done(make_spec, tmp_path):
    """A plan of two seeds, of which the first is done."""
    runs = tmp_path / "runs"
    first = plan.plan([make_spec(seed=100)], runs)
    driver.run_matrix(first, runs)
    return plan.plan([make_spec(seed=100), make_spec(seed=101)], runs)


@pytest.fixture
def screen(monkeypatch):
    """A terminal of 80 columns and 10 lines."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=10)
    monkeypatch.setattr(progress, "console", console)
    return console


def drawn(console, shown):
    with console.capture() as capture:
        console.print(shown, end="")
    return Console(file=io.StringIO()).render_str(capture.get()).plain.splitlines()


def job(run, prepares=False):
    return SimpleNamespace(
        config=run.config, prepares=prepares, title="toy patients", partial=run.folder
    )


def test_a_row_shows_its_seeds_its_score_and_what_runs(done, screen, monkeypatch):
    monkeypatch.setattr(display, "DOTS", display.ASCII)
    monkeypatch.setattr(display, "LOOK_EVERY_SECONDS", 0.0)
    shown = Display(done, Costs(), 2)
    first, second, last = [ansi_free(line) for line in drawn(screen, shown)]
    assert first == "toy_task severity-1: worst group accuracy"
    assert second.startswith("  majority_class #. 0.000 (0.000 to 0.000)")
    assert last == "0 of 1 runs done"
    shown.watch([job(done[1]), job(done[1], prepares=True)])
    _, second, last = [ansi_free(line) for line in drawn(screen, shown)]
    assert second.startswith("  majority_class #o 0.000") and "seed 101: starting" in second
    assert "preparing toy patients" in last


def ansi_free(line):
    from rich.text import Text

    return Text.from_ansi(line).plain.rstrip()


def test_rows_that_do_not_fit_are_counted_and_running_ones_are_kept(done, screen):
    screen.height = 4
    other = dataclasses.replace(done[0].spec, fields={"lr": 1.0})
    rows = [dataclasses.replace(done[0], spec=other), done[1]]
    shown = Display(rows, Costs(), 1)
    lines = [ansi_free(line) for line in drawn(screen, shown)]
    assert len(lines) == 3 and "1 more rows do not fit this screen" in lines[-1]
    assert lines[1].split()[:2] == ["majority_class", "·"]
    shown.ended = True
    assert len(drawn(screen, shown)) == 4


def test_a_log_gets_a_line_per_run_and_one_now_and_then(done, monkeypatch, capsys):
    now = SimpleNamespace(time=0.0)
    monkeypatch.setattr(display.time, "monotonic", lambda: now.time)
    with Display(done, Costs(erm=100.0), 1) as shown:
        for now.time in (10.0, 29.0, 31.0, 45.0, 62.0):
            shown.watch([job(done[1])])
        shown.finished(dataclasses.replace(read_run(done[0].folder)), done[1].config)
    first, second, last = capsys.readouterr().err.splitlines()
    assert first.startswith("0 of 1 runs done, about ")
    assert first.endswith("running: toy_task severity-1 " + done[1].config.run)
    assert second.startswith("0 of 1 runs done")
    assert last.startswith("[1/1] toy_task severity-1 majority_class/") and "accuracy 0.000" in last


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_the_terminal_is_as_it_was_afterwards(done, screen, error):
    with Display(done, Costs(), 1):
        pass
    if error:
        with pytest.raises(error), Display(done, Costs(), 1):
            raise error
    written = screen.file.getvalue()
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") > 0  # the cursor hidden, shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_durations_are_written_for_a_person(seconds, words):
    assert duration(seconds) == words
