"""The index saves reading; it never changes what the page shows."""

import os

import pytest
from safetensors.numpy import load, save

from benchmark.records import result
from leaderboard.build import build
from leaderboard.read import index as index_module
from leaderboard.read import scored_run
from leaderboard.read.index import INDEX, read_index

FILES = ("index.html", "leaderboard.csv", "results.json")


@pytest.fixture
def runs(fake, tmp_path):
    for method in fake.METHODS[:2]:
        fake.write_run(tmp_path / "runs", fake.BRAIN, method, 0)
    return tmp_path / "runs"


def page_of(runs, name):
    folder = build(runs, runs.parent / name).parent
    return [(folder / file).read_bytes() for file in FILES]


def first_run(runs):
    return sorted(path.parent for path in runs.glob("*/*/*/*/result.json"))[0]


def refuse(*arguments):
    raise AssertionError("read again")


def test_the_page_is_the_same_with_the_index_and_reads_no_result(runs, monkeypatch):
    before = page_of(runs, "one")
    monkeypatch.setattr(scored_run, "read_result", refuse)
    monkeypatch.setattr(scored_run, "stored_scores", refuse)
    assert page_of(runs, "two") == before


@pytest.mark.parametrize("name", ["result.json", "predictions.parquet", "draws.safetensors"])
def test_a_run_with_a_changed_file_is_read_again(runs, monkeypatch, name):
    build(runs, runs.parent / "one")
    os.utime(first_run(runs) / name, ns=(1, 1))
    monkeypatch.setattr(scored_run, "read_result", refuse)
    with pytest.raises(AssertionError, match="read again"):
        build(runs, runs.parent / "two")


def test_runs_of_a_cohort_that_has_new_ceilings_are_read_again(runs, fake, monkeypatch):
    build(runs, runs.parent / "one")
    fake.write_cohort(runs / "brain_mr_sex/severity-1/cohort-1a2b3c4d", fake.BRAIN)
    monkeypatch.setattr(scored_run, "read_result", refuse)
    with pytest.raises(AssertionError, match="read again"):
        build(runs, runs.parent / "two")


def test_scores_of_other_code_are_not_believed(runs, monkeypatch):
    build(runs, runs.parent / "one")
    monkeypatch.setattr(index_module, "scoring_digest", lambda: "another")
    assert read_index(runs).found == {}


def test_a_run_that_is_gone_leaves_the_index(runs):
    build(runs, runs.parent / "one")
    gone = first_run(runs)
    (gone / "done").unlink()
    build(runs, runs.parent / "two")
    found = read_index(runs).found
    assert len(found) == 1 and str(gone.relative_to(runs)) not in found


def test_rescoring_neither_reads_nor_writes_it(runs, monkeypatch):
    monkeypatch.setattr(index_module.Index, "get", refuse)
    build(runs, runs.parent / "one", rescore=True)
    assert not (runs / INDEX).exists()


def test_scores_that_do_not_count_are_not_remembered(runs):
    (first_run(runs) / "draws.safetensors").unlink()
    build(runs, runs.parent / "one")
    assert len(read_index(runs).found) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"no tensors",
        lambda content: save({k: v for k, v in load(content).items() if k == "header"}),
        lambda content: save({k: v[:1] if v.ndim == 3 else v for k, v in load(content).items()}),
    ],
)
def test_a_damaged_index_is_no_index(runs, damage):
    before = page_of(runs, "one")
    (runs / INDEX).write_bytes(damage((runs / INDEX).read_bytes()))
    assert read_index(runs).found == {}
    assert page_of(runs, "two") == before


def test_a_draw_of_another_form_is_read_with_its_digest(runs, monkeypatch):
    build(runs, runs.parent / "one")
    monkeypatch.setattr(result, "known_draws", lambda *arguments: None)
    monkeypatch.setattr(scored_run, "known_draws", lambda *arguments: None)
    assert page_of(runs, "two") == page_of(runs, "one")
