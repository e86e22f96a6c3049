"""Pages are written beside the runs, one at a time: the newest that was asked for."""

import time

import pytest

from benchmark.commands.page_writer import PageWriter
from benchmark.planning import plan
from benchmark.records.unfinished import Unfinished
from benchmark.running import driver
from benchmark.support import progress


def so_far(done):
    return Unfinished(total=9, done=done, failed=0, more_seeds=1, to_come=())


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(progress, "say", lines.append)
    return lines


@pytest.fixture
def runs(make_spec, tmp_path):
    driver.run_matrix(plan.plan([make_spec()], tmp_path / "runs"), tmp_path / "runs")
    return tmp_path / "runs"


def wait_for(lines, said, writer):
    for _ in range(1200):
        writer.look()
        if len(said) >= lines:
            return
        time.sleep(0.05)
    raise AssertionError(f"after a minute it said {said}")


def test_pages_are_written_one_at_a_time_and_the_newest_counts(runs, tmp_path, said, monkeypatch):
    site, begun = tmp_path / "site", []
    begin = PageWriter._begin
    monkeypatch.setattr(
        PageWriter, "_begin", lambda self, so_far: (begun.append(so_far.done), begin(self, so_far))
    )
    writer = PageWriter(runs, site, ())
    said.clear()
    for done in (1, 2, 3):
        writer.ask(so_far(done))
    assert begun == [1]
    wait_for(2, said, writer)
    assert begun == [1, 3]
    assert said == [f"The page is at {site / 'index.html'}"] * 2
    pages = [site / "index.html", *(site / "boards").glob("*.html")]
    assert len(pages) == 2
    assert all("3 of 9 runs were done" in page.read_text() for page in pages)


def test_a_page_that_cannot_be_written_is_told(tmp_path, said):
    writer = PageWriter(tmp_path / "none", tmp_path / "site", ())
    writer.ask(so_far(0))
    wait_for(1, said, writer)
    assert said[0].startswith("The page could not be written: ValueError: ")
    assert said[0].endswith(" The runs go on.")


def test_what_is_in_work_is_given_up(runs, tmp_path, said):
    said.clear()
    writer = PageWriter(runs, tmp_path / "site", ())
    for done in (1, 2):
        writer.ask(so_far(done))
    process = writer._at_work[0]
    writer.close()
    assert not process.is_alive()
    writer.look()
    assert said == []
