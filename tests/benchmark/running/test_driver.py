import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.api.scores import ScoreKey
from benchmark.planning import plan
from benchmark.presets.settings import Preset
from benchmark.records.cohort import read_cohort_record, write_ceilings
from benchmark.records.run_folder import find_runs
from benchmark.running import driver, local_processes
from benchmark.running.jobs import Job


def do(specs, runs, **options):
    return driver.run_matrix(plan.plan(specs, runs), runs, **options)


def scores(runs):
    """Everything that was computed, run by run, without what the clock says."""
    return {
        str(r.folder.relative_to(runs)): (r.scores, r.result.threshold) for r in find_runs(runs)
    }


def test_only_what_is_missing_is_done(make_spec, tmp_path):
    runs = tmp_path / "runs"
    first = do([make_spec(seed=0)], runs)
    second = do([make_spec(seed=0), make_spec(seed=1)], runs)
    assert (first.done_now, second.done_before, second.done_now) == (1, 1, 1)


def test_nothing_half_written_is_read_as_whole(make_spec, tmp_path):
    runs = tmp_path / "runs"
    do([make_spec()], runs)
    (record,) = find_runs(runs)
    (record.folder / "done").unlink()
    planned = plan.plan([make_spec()], runs)
    assert [run.status for run in planned] == ["unfinished"]


def test_a_changed_method_file_is_run_again(make_spec, write_method, tmp_path):
    runs = tmp_path / "runs"
    path = write_method("mine", "return Half()")
    do([make_spec(path)], runs)
    write_method("mine", "unused = 1\nreturn Half()")
    assert plan.plan([make_spec(path)], runs)[0].status == "unfinished"


def test_a_run_that_raises_leaves_its_error_and_the_rest_goes_on(make_spec, write_method, tmp_path):
    runs = tmp_path / "runs"
    bad = write_method("bad", "raise RuntimeError('no such lever')")
    summary = do([make_spec(bad), make_spec()], runs)
    assert (summary.done_now, len(summary.failed)) == (1, 1)
    error = (summary.failed[0].folder / "error.txt").read_text()
    assert error.startswith("RuntimeError: no such lever")
    assert "Traceback" in error


def test_a_failed_run_is_tried_again(make_spec, write_method, tmp_path):
    runs = tmp_path / "runs"
    flag = tmp_path / "flag"
    fit = f"if not os.path.exists({str(flag)!r}):\n    raise RuntimeError('not yet')\nreturn Half()"
    path = write_method("later", fit)
    assert len(do([make_spec(path)], runs).failed) == 1
    flag.touch()
    assert do([make_spec(path)], runs).done_now == 1


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "out of memory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("os._exit(7)", "exit code 7"),
        ("os._exit(0)", "exit code 0 before it had a result"),
        ("sys.exit(0)", "SystemExit: 0"),
        ("ctx.record('stage', 1, loss='low')", "ctx.record takes numbers; got {'loss': 'low'}"),
        ("raise MemoryError('no room')", "MemoryError: no room"),
    ],
)
def test_a_run_that_dies_leaves_a_word_of_why(fit, words, make_spec, write_method, tmp_path):
    summary = do([make_spec(write_method("dying", fit))], tmp_path / "runs")
    assert words in summary.failed[0].error


def test_a_run_that_hangs_is_stopped_at_its_limit(make_spec, write_method, tmp_path):
    values = make_spec().preset.as_dict()
    values["run"]["time_limit_minutes"] = 0.1
    spec = make_spec(write_method("hanging", "time.sleep(600)"))
    spec = replace(spec, preset=Preset.from_dict(values))
    started = time.monotonic()
    summary = do([spec], tmp_path / "runs")
    error = summary.failed[0].error
    assert error.startswith("TimeLimit: the run took longer than 0.1 minutes of wall-clock time")
    assert "--jobs 1" in error and "time_limit_minutes" in error
    assert time.monotonic() - started < 60


def test_two_at_a_time_gives_what_one_at_a_time_gives(make_spec, tmp_path):
    specs = [make_spec("erm", seed) for seed in (0, 1)]
    do(specs, tmp_path / "one", jobs=1)
    do(specs, tmp_path / "two", jobs=2)
    assert scores(tmp_path / "one") == scores(tmp_path / "two")


def test_all_problems_of_a_plan_are_reported_before_any_work(make_spec, tmp_path):
    specs = [
        make_spec("group_dr0"),
        make_spec("erm", fields={"learning_rate": 1}),
        make_spec("group_dro", fields={"step_size": "large"}),
    ]
    with pytest.raises(ValueError) as caught:
        plan.plan(specs, tmp_path / "runs")
    message = str(caught.value)
    assert "Did you mean 'group_dro'" in message
    assert "ERM has no field 'learning_rate'" in message
    assert "GroupDRO.step_size is 'large'; it must be of type float" in message
    assert not (tmp_path / "runs").exists()


def test_a_field_changes_the_name_of_the_run_but_its_default_value_does_not(make_spec, tmp_path):
    specs = [make_spec("group_dro", fields=f) for f in ({}, {"step_size": 0.05}, {"step_size": 1})]
    plain, same, other = (run.folder.name for run in plan.plan(specs, tmp_path))
    assert plain == same != other


def test_a_second_driver_is_turned_away(make_spec, tmp_path):
    planned = plan.plan([make_spec()], tmp_path)
    with (
        driver.only_driver(tmp_path),
        pytest.raises(ValueError, match="Another `equipoise` is at work"),
    ):
        driver.run_matrix(planned, tmp_path)


def test_a_cohort_is_drawn_for_the_page_once_for_each_of_its_settings(make_spec, tmp_path):
    values = make_spec().preset.as_dict()
    values["source"]["train"] = 320
    larger = replace(make_spec(), preset=Preset.from_dict(values))
    do([make_spec(), make_spec("class_resampling"), larger], tmp_path / "runs")
    drawn = (tmp_path / "runs").glob("toy_task/severity-1/cohort-*/cohort.json")
    counts = [json.loads(path.read_text())["counts"] for path in drawn]
    assert sorted(sum(c["n"] for c in of if c["split"] == "train") for of in counts) == [160, 320]


@pytest.mark.parametrize("seeds", [(0,), (0, 1)], ids=["all done", "one missing"])
def test_a_cohort_record_that_cannot_be_read_is_written_anew(make_spec, tmp_path, seeds):
    do([make_spec(seed=0)], tmp_path / "runs")
    (path,) = (tmp_path / "runs").glob("toy_task/severity-1/cohort-*/cohort.json")
    whole = path.read_bytes()
    path.write_text("{")
    do([make_spec(seed=seed) for seed in seeds], tmp_path / "runs")
    assert path.read_bytes() == whole


def test_a_ceiling_that_the_task_has_since_reaches_runs_that_are_done(make_spec, tmp_path):
    do([make_spec()], tmp_path / "runs")
    (folder,) = (tmp_path / "runs").glob("toy_task/severity-1/cohort-*")
    record = read_cohort_record(folder)
    other = {ScoreKey("cell_accuracy", ("site",), ("north",), "low"): 0.75}  # the task has none
    write_ceilings(folder, record, other)
    do([make_spec()], tmp_path / "runs")
    assert read_cohort_record(folder) == record


KILLED = ("erm", "group_dro", "group_resampling")  # the methods of the killed matrix
DRIVER = f"""
import sys
from pathlib import Path
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.cohorts.toy import ToyTask
from benchmark.planning.plan import plan
from benchmark.planning.run_spec import RunSpec
from benchmark.running.driver import run_matrix

if __name__ == "__main__":
    task, runs, cache = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    usual = ToyTask().knobs.variant()
    specs = [
        RunSpec(task, method, usual, seed, TOY_PRESET, device="cpu", cache=cache)
        for seed in (0, 1)
        for method in {KILLED}
    ]
    run_matrix(plan(specs, runs), runs, jobs=2)
"""


def _whole_runs(runs):
    """Count finished runs; unlike glob, walk does not mind folders that vanish meanwhile."""
    return sum("done" in files for _, _, files in os.walk(runs))


@pytest.mark.slow
def test_killed_three_times_and_resumed_it_ends_with_the_same_scores(toy_task, make_spec, tmp_path):
    """kill -9 at a random moment; no orphan goes on working; the scores agree bit for bit."""
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)

    def start(runs):
        command = [sys.executable, str(script), toy_task, str(runs), str(tmp_path / "cache")]
        marked = {**os.environ, "EQUIPOISE_TEST_MARK": str(runs)}
        return subprocess.Popen(command, stderr=subprocess.DEVNULL, env=marked)

    do([make_spec(name, seed) for seed in (0, 1) for name in KILLED], tmp_path / "undisturbed")
    runs = tmp_path / "killed"
    for wanted in (1, 2, 4):  # kill once that many runs are whole, in the middle of the next
        driver = start(runs)
        while _whole_runs(runs) < wanted and driver.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
        _wait_until_no_process_is_left(f"EQUIPOISE_TEST_MARK={runs}".encode())
    done_before = {r.folder: (r.folder / "done").stat().st_mtime_ns for r in find_runs(runs)}
    assert start(runs).wait(timeout=200) == 0
    assert scores(runs) == scores(tmp_path / "undisturbed")
    assert len(scores(runs)) == 6
    assert all((f / "done").stat().st_mtime_ns == t for f, t in done_before.items())


@pytest.mark.parametrize("end", ["return Half()", "raise RuntimeError('no luck')", "os._exit(3)"])
def test_what_a_run_started_ends_with_it(end, make_spec, write_method, tmp_path):
    started = tmp_path / "started"
    fit = "import subprocess\nchild = subprocess.Popen(['sleep', '300.25'])\n"
    fit += f"open({str(started)!r}, 'w').write(str(child.pid))\n{end}"
    do([make_spec(write_method("parent", fit))], tmp_path / "runs")
    assert started.read_text().isdecimal()  # the child was there to be ended
    _wait_until_no_process_is_left(b"sleep\x00300.25")


def test_a_tracker_that_fails_is_told_and_counted_and_stops_nothing(make_spec, tmp_path):
    class Broken:
        def open(self):
            pass

        def mirror(self, record):
            raise ConnectionError("no route")

    summary = do([make_spec(seed=0), make_spec(seed=1)], tmp_path / "runs", tracker=Broken())
    assert (summary.done_now, summary.not_tracked) == (2, 2)


def test_a_tracker_that_cannot_be_opened_stops_the_matrix_before_a_run_ends(make_spec, tmp_path):
    class Closed:
        def open(self):
            raise ValueError("no such store")

    with pytest.raises(ValueError, match="no such store"):
        do([make_spec()], tmp_path / "runs", tracker=Closed())
    assert list((tmp_path / "runs").glob("*/*/*/*/done")) == []


def _wait_until_no_process_is_left(mark):
    """Every process with the mark in its command or environment must end, and soon."""
    for _ in range(200):
        left = [p.name for p in Path("/proc").glob("[0-9]*") if _bears(p, mark)]
        if not left:
            return
        time.sleep(0.1)
    raise AssertionError(f"processes {left} are left after 20 s")


def _bears(process, mark):
    try:
        words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False
    return mark in words and process.name != str(os.getpid())


def test_an_engine_is_a_function_from_jobs_to_outcomes(make_spec, tmp_path):
    (run,) = plan.plan([make_spec()], tmp_path)
    job = Job(run.spec, run.config, tmp_path / "partial", tmp_path / "cohort")
    (outcome,) = local_processes.run_local([job], 1, 1.0)
    assert outcome.error is None
    assert (job.partial / "result.json").exists()
