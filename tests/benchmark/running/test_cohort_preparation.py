"""A cohort is made for its own runs: one that fails takes only them with it."""

from pathlib import Path

import pytest

from benchmark.api.data import Source
from benchmark.api.variant import Variant
from benchmark.cohorts.checks import CohortError
from benchmark.cohorts.export import export_cohort
from benchmark.cohorts.toy import ToyTask
from benchmark.planning import plan
from benchmark.records.run_folder import find_runs, remove_partial
from benchmark.running import driver

TOY = Path(__file__).parents[2] / "fixtures" / "toy_task" / "task.py"


@pytest.fixture
def write_toy(tmp_path):
    """Write a toy task whose patients cannot be made, around the line that raises."""

    def write(failing):
        folder = tmp_path / "bad_toy"
        folder.mkdir()
        code = TOY.read_text().replace("toy_task", "bad_toy")
        returned = "return TOY.load(source, variant, seed)"
        assert returned in code
        (folder / "task.py").write_text(code.replace(returned, failing))
        return str(folder)

    return write


def test_a_cohort_that_cannot_be_made_fails_its_runs_and_the_rest_goes_on(
    make_spec, write_toy, tmp_path
):
    runs = tmp_path / "runs"
    bad_task = write_toy('raise MemoryError(f"no room for seed {seed}")')
    specs = [make_spec(task=bad_task), make_spec("erm", task=bad_task), make_spec()]
    summary = driver.run_matrix(plan.plan(specs, runs), runs, jobs=2)
    assert summary.done_now == 1
    words = "NoCohort: the patients of this run could not be prepared. MemoryError: no room for"
    assert [record.error.startswith(words) for record in summary.failed] == [True, True]
    assert all("Traceback" in record.error for record in summary.failed)
    assert sorted(record.status for record in find_runs(runs)) == ["done", "failed", "failed"]
    assert list(runs.rglob("*.partial")) == []


def test_patients_in_a_folder_are_refused_before_any_run(make_spec, write_toy, tmp_path):
    runs, folder, toy = tmp_path / "runs", tmp_path / "patients", ToyTask()
    patients = toy.load(Source(train=12, val=6, test=4), toy.knobs.variant(), 0)
    export_cohort(patients, toy.card, folder)
    failing = "from benchmark.cohorts.checks import CohortError"
    failing += "\n        raise CohortError(source.folder, ['row 3 has no image'])"
    own = make_spec(task=write_toy(failing), data=folder, variant=Variant())
    planned = plan.plan([make_spec(), own], runs)
    with pytest.raises(CohortError, match="row 3 has no image"):
        driver.run_matrix(planned, runs)
    assert list(runs.glob("*/*/*/*")) == []


def test_what_a_kill_left_of_a_cohort_is_removed(tmp_path):
    for name in ("cohort-1.partial", "cohort-1-log.partial", "cohort-2", "erm/run.partial"):
        (tmp_path / "task" / "severity-1" / name).mkdir(parents=True)
    remove_partial(tmp_path)
    left = sorted(path.name for path in tmp_path.glob("task/severity-1/**/*"))
    assert left == ["cohort-2", "erm"]
