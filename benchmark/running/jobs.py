"""What an engine does: runs, and cohorts to prepare for them, each when what it needs is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmark.planning.resolve import cohort_words
from benchmark.planning.run_spec import RunSpec
from benchmark.records.cohort import COHORT
from benchmark.records.config import RunConfig


@dataclass(frozen=True)
class Job:
    """A run to do, or the cohort of runs to prepare; its files are at partial until it has ended.

    A job that prepares a cohort writes cohort.json and its pictures into `cohort`; partial holds
    no more than its log.
    """

    spec: RunSpec
    config: RunConfig
    partial: Path
    cohort: Path  # the folder of the run's cohort
    prepares: bool = False  # True: the cohort itself; its spec is that of any run on it

    @property
    def title(self) -> str:
        """Name the job for a person."""
        config = self.config
        what = "patients" if self.prepares else config.method.name
        return f"{config.task.name} {cohort_words(config)} {what}, seed {config.seed}"

    @property
    def is_whole(self) -> bool:
        """Say whether the file is there that a job writes last."""
        return (self.cohort / COHORT if self.prepares else self.partial / "result.json").exists()


@dataclass(frozen=True)
class Outcome:
    """What became of a job. error is None if its files are whole."""

    job: Job
    error: str | None


class WaitingLine:
    """The jobs that are not begun, in the order they should be done.

    A run waits for the job that prepares its cohort, where there is one. One cohort is prepared at
    a time: it uses all cores that runs leave free. Runs that train generators on one cohort wait
    until one of them has ended: they would else wait for the parts that they share, and keep a
    core from others.
    """

    def __init__(self, jobs: Iterable[Job], parallel: int) -> None:
        self._waiting, self._parallel = list(jobs), parallel
        self._unmade = {job.cohort for job in self._waiting if job.prepares}
        self._shared = set[Path]()  # cohorts on which a run with a generator has ended

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, running: Collection[Job]) -> Job | None:
        """Take the first job that can begin beside those that are running; None: there is none."""
        job = next((job for job in self._waiting if self._can_begin(job, running)), None)
        if job is not None:
            self._waiting.remove(job)
        return job

    def end(self, outcome: Outcome) -> list[Outcome]:
        """Note what became of a job, and return the outcomes that follow from it, its own first.

        Without its cohort no run can begin: such runs fail with it.
        """
        job = outcome.job
        if not job.prepares:
            if job.config.method.trains_generator:
                self._shared.add(job.cohort)
            return [outcome]
        self._unmade.discard(job.cohort)
        if outcome.error is None:
            return [outcome]
        lost = [one for one in self._waiting if one.cohort == job.cohort]
        self._waiting = [one for one in self._waiting if one.cohort != job.cohort]
        words = f"NoCohort: the patients of this run could not be prepared. {outcome.error}"
        return [outcome, *(Outcome(one, words) for one in lost)]

    def _can_begin(self, job: Job, running: Collection[Job]) -> bool:
        preparing = sum(one.prepares for one in running)
        if job.prepares:
            return not preparing and (self._parallel == 1 or len(running) < self._parallel)
        taken = len(running) - (preparing if self._parallel == 1 else 0)
        return (
            taken < self._parallel
            and job.cohort not in self._unmade
            and not self._waits_for_parts(job, running)
        )

    def _waits_for_parts(self, job: Job, running: Collection[Job]) -> bool:
        if not job.config.method.trains_generator or job.cohort in self._shared:
            return False
        return any(
            one.cohort == job.cohort and one.config.method.trains_generator
            for one in running
            if not one.prepares
        )
