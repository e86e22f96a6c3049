"""Does the runs of a plan that are missing, and is the only writer of their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from benchmark.api.protocols import ceiling_of
from benchmark.cohorts.checks import check_splits
from benchmark.cohorts.facts import cohort_facts
from benchmark.cohorts.preview import write_pictures
from benchmark.planning.fields import build_task
from benchmark.planning.plan import PlannedRun
from benchmark.planning.resolve import cohort_folder
from benchmark.records.cohort import COHORT, cohort_is_stale
from benchmark.records.run_folder import RunRecord, finish, read_run, remove_partial
from benchmark.running import local_processes
from benchmark.running.display import Display
from benchmark.running.rescore import rescore_if_stale
from benchmark.support import progress
from benchmark.support.files import PARTIAL


class Tracker(Protocol):
    """Receives a copy of every finished or failed run."""

    def mirror(self, record: RunRecord) -> None:
        """Copy one run, unless this very run has been copied before."""
        ...


@dataclass(frozen=True)
class Summary:
    """What came of a matrix."""

    done_before: int
    done_now: int
    failed: list[RunRecord]
    not_tracked: int  # runs that the tracker did not take; the next `equipoise run` tries again


def run_matrix(
    planned: Sequence[PlannedRun], runs: Path, *, jobs: int = 1, tracker: Tracker | None = None
) -> Summary:
    """Do the runs that are not done yet, write each whole or not at all, mirror all to the tracker.

    A failed run leaves error.txt and is tried again the next time. Ctrl-C or a kill loses only the
    runs in flight.
    """
    done_before = [run for run in planned if run.status == "done"]
    missing = [run for run in planned if run.status != "done"]
    failed = []
    not_tracked = 0
    with only_driver(runs):
        remove_partial(runs)
        if missing:
            local_processes.start_server(missing[0].spec.preset.run.threads)
        prepare_cohorts([*missing, *_with_stale_cohort(done_before, runs)], runs)
        for run in done_before:
            if words := rescore_if_stale(read_run(run.folder)):
                progress.say(words)
            not_tracked += not _mirrored(read_run(run.folder), tracker)
        for record in _execute(missing, jobs):
            not_tracked += not _mirrored(record, tracker)
            if record.status == "failed":
                failed.append(record)
    return Summary(len(done_before), len(missing) - len(failed), failed, not_tracked)


def _mirrored(record: RunRecord, tracker: Tracker | None) -> bool:
    """Copy a run to the tracker; a failure is reported and counted, and the work goes on."""
    if tracker is None:
        return True
    try:
        tracker.mirror(record)
    except Exception as error:  # a store can fail in any way; the run folder is safe already
        progress.say(f"not tracked: {record.folder}: {type(error).__name__}: {error}")
        return False
    return True


def _execute(missing: Sequence[PlannedRun], jobs: int) -> Iterator[RunRecord]:
    folders = {id(run.config): run.folder for run in missing}
    work = [
        local_processes.Job(run.spec, run.config, run.folder.with_name(run.folder.name + PARTIAL))
        for run in missing
    ]
    if not work:
        return
    limit = missing[0].spec.preset.run.time_limit_minutes
    with Display(len(work)) as display:
        for outcome in local_processes.run_local(work, jobs, limit, display.watch):
            folder = folders[id(outcome.job.config)]
            finish(outcome.job.partial, folder, error=outcome.error)
            record = read_run(folder)
            display.finished(record)
            yield record


def prepare_cohorts(planned: Sequence[PlannedRun], runs: Path) -> None:
    """Make, check and count every cohort before the first run, and draw what the page shows.

    A cohort.json that cannot be read, or has other ceilings than the task, is written anew.
    """
    cohorts = {_cohort_of(run, runs): run for run in planned}
    for folder, run in cohorts.items():
        task = build_task(run.spec)
        splits = task.load(run.spec.source, run.spec.variant, run.spec.seed)
        ceilings = ceiling_of(task, run.spec.source, run.spec.variant)
        if not (folder / COHORT).exists() or cohort_is_stale(folder, ceilings):
            check_splits(splits, task.card)
            write_pictures(splits, task.card, folder, cohort_facts(task, run.spec.data), ceilings)


def _with_stale_cohort(done: Sequence[PlannedRun], runs: Path) -> list[PlannedRun]:
    """Return one run of each cohort whose cohort.json has to be written anew."""
    cohorts = {_cohort_of(run, runs): run for run in done}
    return [
        run
        for folder, run in cohorts.items()
        if cohort_is_stale(
            folder, ceiling_of(build_task(run.spec), run.spec.source, run.spec.variant)
        )
    ]


def _cohort_of(run: PlannedRun, runs: Path) -> Path:
    return cohort_folder(runs, run.config) / run.config.cohort


@contextmanager
def only_driver(runs: Path) -> Iterator[None]:
    """Hold the results folder: two drivers would do the same runs twice over."""
    runs.mkdir(parents=True, exist_ok=True)
    lock = FileLock(runs / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ValueError(
            f"Another `equipoise` is at work in {runs}. Wait for it, or give --runs ELSEWHERE."
        ) from None
    try:
        yield
    finally:
        lock.release()
