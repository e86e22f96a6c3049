"""Makes, checks and counts a cohort before its first run, and draws what the page shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmark.api.protocols import ceiling_of
from benchmark.cohorts.checks import check_splits
from benchmark.cohorts.facts import cohort_facts
from benchmark.cohorts.preview import write_pictures
from benchmark.planning.fields import build_task
from benchmark.planning.plan import PlannedRun
from benchmark.planning.resolve import cohort_folder
from benchmark.planning.run_spec import RunSpec
from benchmark.records.cohort import COHORT, cohort_is_stale
from benchmark.running.jobs import Job
from benchmark.support.files import PARTIAL


def prepare_cohort(spec: RunSpec, folder: Path) -> None:
    """Make the patients of a run, if nobody has; write cohort.json and pictures into folder.

    A cohort.json that cannot be read, or has other ceilings than the task, is written anew. Raises
    CohortError for patients that do not fit the task.
    """
    task = build_task(spec)
    splits = task.load(spec.source, spec.variant, spec.seed)
    ceilings = ceiling_of(task, spec.source, spec.variant)
    if not (folder / COHORT).exists() or cohort_is_stale(folder, ceilings):
        check_splits(splits, task.card)
        write_pictures(splits, task.card, folder, cohort_facts(task, spec.data), ceilings)


def prepare_own_patients(planned: Iterable[PlannedRun], runs: Path) -> None:
    """Prepare the cohorts of a folder of patients: what is wrong with one is told before work."""
    own = {cohort_of(run, runs): run for run in planned if run.spec.data is not None}
    for folder, run in own.items():
        prepare_cohort(run.spec, folder)


def cohort_jobs(planned: Iterable[PlannedRun], runs: Path) -> dict[Path, Job]:
    """Return a job for each digital cohort, by its folder."""
    jobs: dict[Path, Job] = {}
    for run in planned:
        folder = cohort_of(run, runs)
        if run.spec.data is None and folder not in jobs:
            partial = folder.with_name(f"{folder.name}-log{PARTIAL}")
            jobs[folder] = Job(run.spec, run.config, partial, folder, prepares=True)
    return jobs


def with_stale_cohort(done: Sequence[PlannedRun], runs: Path) -> list[PlannedRun]:
    """Return one run of each cohort whose cohort.json has to be written anew."""
    cohorts = {cohort_of(run, runs): run for run in done}
    return [
        run
        for folder, run in cohorts.items()
        if cohort_is_stale(
            folder, ceiling_of(build_task(run.spec), run.spec.source, run.spec.variant)
        )
    ]


def cohort_of(run: PlannedRun, runs: Path) -> Path:
    """Return the folder of a run's cohort record."""
    return cohort_folder(runs, run.config) / run.config.cohort
