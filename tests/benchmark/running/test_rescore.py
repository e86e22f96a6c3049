"""`equipoise score` and the driver renew scores that do not count any more."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner

from benchmark.api.scores import ScoreKey
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


def write_schema_2(folder, card, predictions):
    """Write a finished run as schema 2 had it: one score, draws by metric, no recruited rows."""
    predictions.to_parquet(folder / "predictions.parquet")
    save_file({"worst_group_accuracy": np.full(501, 0.75)}, folder / "draws.safetensors")
    kept = {
        "schema": 2,
        "run": {
            "seconds": {"fit": 1.0}, "steps": 3, "standard_loop": True, "fingerprint": "f",
            "finished": "2026-01-01",
        },
        "scoring": {"code": "0" * 16, "predictions": "0" * 16, "draws": "0" * 16},
        "threshold": 0.45,
        "scores": [
            {
                "key": {
                    "metric": "worst_group_accuracy", "attributes": [], "values": [], "label": None,
                },
                "value": 0.75, "n": 4, "positives": None, "low": 0.5, "high": 1.0, "note": "",
            }
        ],
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(kept))
    (folder / "config.json").write_text(json.dumps(config_of_schema_2(card)))
    (folder / "done").touch()


def config_of_schema_2(card):
    """Return config.json as schema 2 had it."""
    classifier = {
        "backbone": "test_resnet", "steps": 360, "batch_size": 32, "learning_rate": 1e-3,
        "weight_decay": 1e-4, "evaluations": 5,
    }  # fmt: skip
    return {
        "schema": 2,
        "task": {"name": card.name, "version": 1, "source": "0f0f"},
        "variant": {"name": "severity-1", "knobs": {"severity": 1.0}},
        "method": {
            "name": "erm", "source": "aaaa", "fields": {}, "kind": "baseline", "origin": "folder",
            "groups_used": "never", "extra_data": "none", "trains_generator": False, "summary": "",
        },
        "preset": {
            "name": "quick", "description": "",
            "source": {"image_size": 64, "train": 1500, "val": 500, "test": 900},
            "classifier": classifier,
            "run": {"seeds": [0, 1], "time_limit_minutes": 10, "threads": 1},
        },
        "source": {"kind": "digital", "name": "digital cohort"},
        "card": card.as_dict(),
        "cohort_facts": {
            "kind": "digital", "name": "digital cohort", "licence": "", "citation": "",
            "caveats": "",
        },
        "seed": 0, "engine": "e1e1", "environment": {"device": "cpu"}, "row": "1a2b3c4d",
        "run": "erm/quick-seed-0-1a2b3c4d", "cohort": "cohort-1a2b3c4d",
    }  # fmt: skip


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


def test_a_folder_of_schema_2_is_scored_by_the_metrics_of_today(tmp_path, sex_card, eight_rows):
    """Threshold and score are of version 1, the draws by metric, and nobody is recruited."""
    folder = tmp_path / "runs/toy/severity-1/erm/quick-seed-0-1a2b3c4d"
    folder.mkdir(parents=True)
    write_schema_2(folder, sex_card, eight_rows)
    (old,) = find_runs(tmp_path / "runs")
    assert (old.result.threshold, old.scores[0].value) == (0.45, 0.75)
    done = CliRunner().invoke(app, ["score", "--runs", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    (renewed,) = find_runs(tmp_path / "runs")
    values = {score.key: score.value for score in renewed.scores}
    assert renewed.result.threshold == pytest.approx(0.5)
    assert values[ScoreKey("worst_group_accuracy")] == 0.5
    assert values[ScoreKey("worst_group_accuracy_own")] == 0.5
    assert values[ScoreKey("recruited_accuracy")] is None
    assert renewed.result.scoring.versions["worst_group_accuracy"] == 2
    assert renewed.result.run == old.result.run
    assert result.stored_scores(renewed.folder, renewed.card, renewed.result)


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
