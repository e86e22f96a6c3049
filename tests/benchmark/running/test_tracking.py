import sys
from types import SimpleNamespace

import pytest

from benchmark.api.scores import Score, ScoreKey
from benchmark.planning import plan
from benchmark.records.run_folder import find_runs
from benchmark.running import driver

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def tracked(make_spec, write_method, tmp_path):
    """One finished and one failed run, mirrored."""
    from benchmark.running.tracking import MlflowTracker

    runs = tmp_path / "runs"
    bad = write_method("bad", "raise RuntimeError('no such lever')")
    tracker = MlflowTracker(runs, f"sqlite:///{tmp_path / 'elsewhere.db'}")
    tracker.artifacts = (tmp_path / "artifacts").as_uri()
    planned = plan.plan([make_spec("erm"), make_spec(bad)], runs)
    driver.run_matrix(planned, runs, tracker=tracker)
    return runs, tracker


def logged(tracker):
    experiment = tracker.client.get_experiment_by_name("toy_task")
    return tracker.client.search_runs([experiment.experiment_id])


def test_each_run_is_one_mlflow_run_with_its_fate(tracked):
    _, tracker = tracked
    fates = {run.data.params["method"]: run.info.status for run in logged(tracker)}
    assert fates == {"erm": "FINISHED", "bad": "FAILED"}


def test_scores_params_curves_and_files_are_copied(tracked):
    runs, tracker = tracked
    run = next(r for r in logged(tracker) if r.data.params["method"] == "erm")
    record = next(r for r in find_runs(runs) if r.status == "done")
    worst = next(s for s in record.scores if s.key == ScoreKey("worst_group_accuracy"))
    assert run.data.metrics["worst_group_accuracy"] == worst.value
    assert run.data.params["seed"] == "0"
    curve = tracker.client.get_metric_history(run.info.run_id, "classifier/val_loss")
    assert [p.step for p in curve] == record.history()["step"].tolist()
    files = {f.path for f in tracker.client.list_artifacts(run.info.run_id)}
    assert {"config.json", "predictions.parquet", "result.json"} <= files


def score(attributes, values, label=None):
    return Score(ScoreKey("accuracy", attributes, values, label), 0.5, 10)


def test_every_score_has_a_name_of_its_own():
    from benchmark.running.tracking import _final_scores

    groups = ("Asian, other", "Asian/other", "<50", ">50")
    scores = [score(("group",), (value,)) for value in groups]
    scores.append(score(("sex", "age"), ("female", "50, or over"), "ill"))
    record = SimpleNamespace(scores=scores, generation=dict, result=None)
    assert list(_final_scores(record)) == [
        "accuracy/group/Asian_ other", "accuracy/group/Asian_other", "accuracy/group/_50",
        "accuracy/group/_50-2", "accuracy/sex/female/age/50_ or over/ill",
    ]  # fmt: skip


def test_mirroring_again_makes_no_second_copy(tracked):
    runs, tracker = tracked
    for record in find_runs(runs):
        tracker.mirror(record)
    assert len(logged(tracker)) == 2


def test_a_copy_that_was_cut_off_is_replaced(tracked):
    runs, tracker = tracked
    run = next(r for r in logged(tracker) if r.info.status == "FINISHED")
    tracker.client.update_run(run.info.run_id, status="RUNNING")
    for record in find_runs(runs):
        tracker.mirror(record)
    ids = {r.info.run_id for r in logged(tracker)}
    assert len(ids) == 2
    assert run.info.run_id not in ids


def test_without_tracking_no_number_changes_and_mlflow_is_not_imported(make_spec, tmp_path):
    import subprocess

    script = tmp_path / "untracked.py"
    script.write_text(
        "import sys\n"
        "sys.modules['mlflow'] = None  # as on a machine that lacks it\n"
        "from benchmark.commands.app import main\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    preset = tmp_path / "toy.toml"
    values = make_spec().preset.as_dict()
    lines = []
    for section in ("source", "classifier", "run"):
        given = {k: v for k, v in values[section].items() if v is not None}
        lines += [f"[{section}]", *(f"{k} = {v!r}" for k, v in given.items())]
    preset.write_text("\n".join(lines).replace("'", '"'))
    command = [sys.executable, str(script), "run", "--no-tracking", "--task", make_spec().task]
    command += ["--method", "erm", "--preset", str(preset), "--runs", str(tmp_path / "without")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    from benchmark.running.tracking import MlflowTracker

    tracker = MlflowTracker(tmp_path / "with")
    driver.run_matrix(
        plan.plan([make_spec("erm")], tmp_path / "with"), tmp_path / "with", tracker=tracker
    )
    results = [find_runs(tmp_path / name)[0].scores for name in ("with", "without")]
    assert results[0] == results[1]


def test_an_experiment_opens_on_its_runs(tracked):
    _, tracker = tracked
    tags = tracker.client.get_experiment_by_name("toy_task").tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"


def test_an_experiment_of_before_learns_to_open_on_its_runs(tmp_path):
    from benchmark.running.tracking import MlflowTracker

    tracker = MlflowTracker(tmp_path / "runs", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    old = tracker.client.create_experiment("toy_task")
    assert tracker._experiment("toy_task") == old
    assert "mlflow.experimentKind" in tracker.client.get_experiment(old).tags


def test_a_moved_runs_folder_keeps_its_artifacts(make_spec, tmp_path):
    from benchmark.running.tracking import MlflowTracker

    here, there = tmp_path / "runs", tmp_path / "elsewhere" / "mine"
    driver.run_matrix(plan.plan([make_spec()], here), here, tracker=MlflowTracker(here))
    there.parent.mkdir()
    here.rename(there)
    tracker = MlflowTracker(there)
    (run,) = logged(tracker)
    assert run.info.artifact_uri.startswith((there / "mlflow-artifacts").as_uri())
    assert "result.json" in {f.path for f in tracker.client.list_artifacts(run.info.run_id)}
    experiment = tracker.client.get_experiment(run.info.experiment_id)
    assert experiment.artifact_location == (there / "mlflow-artifacts").as_uri()
