"""`equipoise score` and the driver renew scores that do not count any more."""

import json

import pytest

from benchmark.planning import plan
from benchmark.records import result
from benchmark.records.run_folder import find_runs
from benchmark.running import driver
from benchmark.running.rescore import rescore


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
    assert not rescore(record)
    assert (record.folder / "result.json").stat().st_mtime_ns == before


def test_scores_of_other_code_are_renewed_and_the_cost_is_kept(runs, monkeypatch):
    (honest,) = find_runs(runs)
    monkeypatch.setattr(result, "scoring_digest", lambda: "another")
    assert rescore(honest)
    (renewed,) = find_runs(runs)
    assert renewed.result.scoring.code == "another"
    assert (renewed.scores, renewed.result.run) == (honest.scores, honest.result.run)


def test_the_driver_renews_what_it_finds_done(runs, make_spec):
    (honest,) = find_runs(runs)
    claim(honest, 0.999)
    driver.run_matrix(plan.plan([make_spec("majority_class")], runs), runs)
    (renewed,) = find_runs(runs)
    assert renewed.scores == honest.scores
