"""`equipoise score` and the driver renew scores that do not count any more."""

import json

import pytest
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.planning import plan
from benchmark.records import result
from benchmark.records.run_folder import find_runs
from benchmark.running import driver
from benchmark.running.rescore import rescore, rescore_if_stale


@pytest.fixture
def runs(make_spec, tmp_path):
    spec = make_spec("majority_class")
    driver.run_matrix(plan.plan([spec], tmp_path / "runs"), tmp_path / "runs")
    return tmp_path / "runs"


def claim(record, value):
    """Write another value of every score into result.json."""
    path = record.folder / "result.json"
    content = json.loads(path.read_text())
    for score in content["scores"]:
        score["value"] = value
    path.write_text(json.dumps(content))


def test_scores_of_the_same_code_are_left_as_they_are(runs):
    (record,) = find_runs(runs)
    before = (record.folder / "result.json").stat().st_mtime_ns
    assert not rescore_if_stale(record)
    assert (record.folder / "result.json").stat().st_mtime_ns == before


def test_scores_of_other_code_are_renewed_and_the_cost_is_kept(runs, monkeypatch):
    (honest,) = find_runs(runs)
    monkeypatch.setattr(result, "scoring_digest", lambda: "another")
    assert not rescore_if_stale(honest)
    (renewed,) = find_runs(runs)
    assert renewed.result.scoring.code == "another"
    assert (renewed.scores, renewed.result.run) == (honest.scores, honest.result.run)


def test_the_driver_renews_what_it_finds_done(runs, make_spec):
    (honest,) = find_runs(runs)
    claim(honest, 0.999)
    driver.run_matrix(plan.plan([make_spec("majority_class")], runs), runs)
    (renewed,) = find_runs(runs)
    assert renewed.scores == honest.scores


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_run_that_cannot_be_scored_is_named_and_stays_as_it_is(runs, damage):
    (record,) = find_runs(runs)
    damage(record.folder / "predictions.parquet")
    before = (record.folder / "result.json").read_bytes()
    assert str(record.folder) in rescore(record)
    assert (record.folder / "result.json").read_bytes() == before


def test_score_goes_on_after_a_run_that_cannot_be_scored(runs, make_spec):
    (first,) = find_runs(runs)
    driver.run_matrix(plan.plan([make_spec("majority_class", seed=1)], runs), runs)
    (first.folder / "predictions.parquet").unlink()
    second = next(run for run in find_runs(runs) if run.folder != first.folder)
    claim(second, 0.999)
    done = CliRunner().invoke(app, ["score", "--runs", str(runs)])
    assert done.exit_code == 1 and "scored 1 run" in done.output
    renewed = next(run for run in find_runs(runs) if run.folder == second.folder)
    assert renewed.scores == second.scores
