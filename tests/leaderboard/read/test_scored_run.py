"""The page shows what a run was scored with, and scores again only where that does not count."""

import numpy as np
import pytest

from benchmark.records import result
from benchmark.records.run_folder import read_run
from leaderboard.read.boards import collect
from leaderboard.read.scored_run import as_declared, find_run


@pytest.fixture
def folder(fake, tmp_path):
    return fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)


def shown(root, **options):
    (board,) = collect(root, **options).boards
    return board.rows[0].done[0]


def content_of(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_page_shows_the_very_scores_and_intervals_of_the_run(folder, tmp_path):
    assert shown(tmp_path / "runs").scores == read_run(folder).scores


def test_stored_scores_are_not_computed_again(folder, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("scored again")

    monkeypatch.setattr(result, "score_predictions", refuse)
    assert len(shown(tmp_path / "runs").scores) > 0
    with pytest.raises(AssertionError, match="scored again"):
        shown(tmp_path / "runs", rescore=True)


@pytest.mark.parametrize("lost", ["draws.safetensors", None])
def test_scores_that_do_not_count_are_computed_in_memory(folder, tmp_path, monkeypatch, lost):
    before = shown(tmp_path / "runs")
    if lost:
        (folder / lost).unlink()
    else:
        monkeypatch.setattr(result, "scoring_digest", lambda: "another")
    files = content_of(tmp_path / "runs")
    after = shown(tmp_path / "runs")
    assert (after.scores, after.threshold) == (before.scores, before.threshold)
    for key, draws in before.draws.items():
        assert np.array_equal(after.draws[key], draws, equal_nan=True)
    assert content_of(tmp_path / "runs") == files


def test_code_at_hand_says_what_a_method_must_beat(fake, tmp_path):
    folder = fake.write_run(tmp_path, fake.HEART, fake.METHODS[1], 0)
    run = find_run(folder, None)
    named = as_declared(run, {fake.METHODS[1].name: ("erm", "duplicate_real")})
    assert named.config.method.compare_with == ("erm", "duplicate_real")
    assert as_declared(run, {"another": ("x",)}) is run
