"""Does the runs of a plan that are missing, and is the only writer of their results."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from benchmark.planning.plan import PlannedRun
from benchmark.planning.probe import costs_here
from benchmark.planning.rounds import Rounds
from benchmark.records.config import CONFIG, write_config
from benchmark.records.run_folder import RunRecord, finish, read_run, remove_partial
from benchmark.records.unfinished import Unfinished
from benchmark.running import local_processes
from benchmark.running.cohort_preparation import (
    cohort_jobs,
    cohort_of,
    prepare_own_patients,
    with_stale_cohort,
)
from benchmark.running.display import Display
from benchmark.running.jobs import Job, Outcome
from benchmark.running.rescore import rescore_if_stale
from benchmark.support import progress
from benchmark.support.files import PARTIAL


class Tracker(Protocol):
    """Receives a copy of every finished or failed run."""

    def open(self) -> None:
        """Get ready, which may take seconds; called once the first jobs are at work."""
        ...

    def mirror(self, record: RunRecord) -> None:
        """Copy one run, unless this very run has been copied before."""
        ...


class Pages(Protocol):
    """Is asked for a page whenever a round of the plan is over."""

    def ask(self, so_far: Unfinished) -> None:
        """Ask for a page of the runs that are done. It does not keep the caller waiting."""
        ...

    def look(self) -> None:
        """Go on with what was asked; called several times a second."""
        ...


@dataclass(frozen=True)
class Summary:
    """What came of a matrix."""

    done_before: int
    done_now: int
    failed: list[RunRecord]
    not_tracked: int  # runs that the tracker did not take; the next `equipoise run` tries again


def run_matrix(
    planned: Sequence[PlannedRun],
    runs: Path,
    *,
    jobs: int = 1,
    tracker: Tracker | None = None,
    pages: Pages | None = None,
) -> Summary:
    """Do the runs that are not done yet, write each whole or not at all, mirror all to the tracker.

    Runs are done in the order of `planned`, each once its cohort is there. A failed run leaves
    error.txt and is tried again the next time. Ctrl-C or a kill loses only the runs in flight.
    Raises CohortError, before any run, for a folder of patients that cannot be used.
    """
    done_before = [run for run in planned if run.status == "done"]
    missing = [run for run in planned if run.status != "done"]
    failed = []
    not_tracked = 0
    with only_driver(runs):
        remove_partial(runs)
        stale = with_stale_cohort(done_before, runs)
        if missing or stale:
            local_processes.start_server(planned[0].spec.preset.run.threads)
        prepare_own_patients([*missing, *stale], runs)
        for run in done_before:
            if words := rescore_if_stale(read_run(run.folder)):
                progress.say(words)
            not_tracked += not _mirrored(read_run(run.folder), tracker)
        rounds = Rounds(planned)
        work = _with_cohorts(missing, stale, runs)
        display = Display(planned, costs_here(planned, runs), jobs)
        for run, record in _execute(work, missing, jobs, display, tracker, pages):
            so_far = rounds.end(run, record.status)
            if pages and so_far:
                pages.ask(so_far)
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


def _execute(
    work: Sequence[Job],
    missing: Sequence[PlannedRun],
    parallel: int,
    display: Display,
    tracker: Tracker | None,
    pages: Pages | None,
) -> Iterator[tuple[PlannedRun, RunRecord]]:
    """Do the work and yield what came of each missing run."""
    if not work:
        return
    by_config = {id(run.config): run for run in missing}
    limit = work[0].spec.preset.run.time_limit_minutes
    to_open = [tracker] if tracker else []
    with display:

        def watch(running: Sequence[Job]) -> None:
            while to_open:
                to_open.pop().open()
            display.watch(running)
            if pages:
                pages.look()

        for outcome in local_processes.run_local(work, parallel, limit, watch):
            if outcome.job.prepares:
                _end_cohort(outcome)
                continue
            run = by_config[id(outcome.job.config)]
            record = _ended(outcome, run.folder)
            display.finished(record, run.config)
            yield run, record


def _with_cohorts(
    missing: Sequence[PlannedRun], stale: Sequence[PlannedRun], runs: Path
) -> list[Job]:
    """Return the jobs of all runs, each cohort right before the first run on it."""
    cohorts, jobs = cohort_jobs([*missing, *stale], runs), list[Job]()
    for run in missing:
        folder = cohort_of(run, runs)
        if folder in cohorts:
            jobs.append(cohorts.pop(folder))
        partial = run.folder.with_name(run.folder.name + PARTIAL)
        jobs.append(Job(run.spec, run.config, partial, folder))
    return [*jobs, *cohorts.values()]


def _end_cohort(outcome: Outcome) -> None:
    """Say that a cohort could not be prepared; its runs, if any are left, say why."""
    shutil.rmtree(outcome.job.partial)
    if outcome.error is not None:
        progress.say(f"{outcome.job.title}: FAILED, {outcome.error.splitlines()[0]}")


def _ended(outcome: Outcome, folder: Path) -> RunRecord:
    """Move a run's files to their place; a run that never began has none but its config."""
    partial = outcome.job.partial
    if outcome.error is not None:
        partial.mkdir(parents=True, exist_ok=True)
        if not (partial / CONFIG).exists():
            write_config(partial, outcome.job.config)
    finish(partial, folder, error=outcome.error)
    return read_run(folder)


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
