"""All runs of a plan: what is done, what is missing, doing what is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmark import engine, progress
from benchmark.cohorts.checks import check_splits
from benchmark.cohorts.preview import write_pictures
from benchmark.results import (
    PARTIAL,
    RunRecord,
    Status,
    find_runs,
    finish,
    read_run,
    remove_partial,
)
from benchmark.score import rescore
from benchmark.spec import (
    CheckFailed,
    RunSpec,
    build_task,
    cohort_folder,
    cohort_words,
    resolve,
    run_folder,
)


class Tracker(Protocol):
    """Receives a copy of every finished or failed run."""

    def mirror(self, record: RunRecord) -> None:
        """Copy one run, unless this very run has been copied before."""
        ...


@dataclass(frozen=True)
class PlannedRun:
    """One run of the matrix and how far it has come."""

    spec: RunSpec
    config: dict[str, Any]
    folder: Path
    status: Status  # "unfinished" covers missing and half-written


@dataclass(frozen=True)
class Summary:
    """What came of a matrix."""

    done_before: int
    done_now: int
    failed: list[RunRecord]
    not_tracked: int  # runs that the tracker did not take; the next `equipoise run` tries again


def plan(specs: Sequence[RunSpec], runs: Path) -> list[PlannedRun]:
    """Resolve every run and look which are done. All problems are reported at once, before work."""
    planned, problems = [], []
    for spec in specs:
        try:
            config = resolve(spec)
        except (LookupError, ValueError, CheckFailed) as error:
            problems.append(str(error))
            continue
        folder = run_folder(runs, config)
        status = read_run(folder).status if (folder / "config.json").exists() else "unfinished"
        planned.append(PlannedRun(spec, config, folder, status))
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    return planned


def expected_seconds(planned: Sequence[PlannedRun], runs: Path) -> tuple[list[float] | None, int]:
    """Estimate what each of the missing runs will take, from the runs seen so far.

    A method never seen on a task costs what the average run of its preset did, of those without a
    generator; None: none seen. A method with a generator that was never seen costs far more: such
    runs are counted instead.
    """
    seen: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for record in find_runs(runs):
        if record.result:
            spent = sum(record.result["seconds"].values())
            for key in _cost_keys(record.config):
                seen[key].append(spent)
    expected, untimed = list[float](), 0
    for run in planned:
        if run.status == "done":
            continue
        keys = _cost_keys(run.config)
        if run.config["method"].get("trains_generator") and not set(keys[:2]) & set(seen):
            untimed += 1
            continue
        times = next((seen[key] for key in keys if key in seen), None)
        if times is None:
            return None, untimed
        expected.append(sum(times) / len(times))
    return expected, untimed


def _cost_keys(config: dict[str, Any]) -> list[tuple[str, ...]]:
    preset, name = config["preset"]["name"], config["method"]["name"]
    like = "with a generator" if config["method"].get("trains_generator") else "without"
    return [(preset, config["task"]["name"], name), (preset, name), (preset, "all", like)]


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
            engine.start_server(missing[0].spec.preset.run.threads)
        prepare_cohorts(missing, runs)
        for run in done_before:
            rescore(read_run(run.folder))
            not_tracked += not _mirrored(read_run(run.folder), tracker)
        for record in _execute(missing, jobs):
            not_tracked += not _mirrored(record, tracker)
            if record.status == "failed":
                failed.append(record)
    return Summary(len(done_before), len(missing) - len(failed), failed, not_tracked)


def _mirrored(record: RunRecord, tracker: Tracker | None) -> bool:
    """Copy a run to the tracker; if that fails it is said and counted, and the work goes on."""
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
        engine.Job(run.spec, run.config, run.folder.with_name(run.folder.name + PARTIAL))
        for run in missing
    ]
    if not work:
        return
    limit = missing[0].spec.preset.run.time_limit_minutes
    with _Display(len(work)) as display:
        for outcome in engine.run_local(work, jobs, limit, display.watch):
            folder = folders[id(outcome.job.config)]
            finish(outcome.job.partial, folder, error=outcome.error)
            record = read_run(folder)
            display.finished(record)
            yield record


def prepare_cohorts(planned: Sequence[PlannedRun], runs: Path) -> None:
    """Make, check and count every cohort before the first run, and draw what the page shows."""
    cohorts = {cohort_folder(runs, run.config) / run.config["cohort"]: run for run in planned}
    for folder, run in cohorts.items():
        task = build_task(run.spec)
        splits = task.load(run.spec.source, run.spec.variant, run.spec.seed)
        if not (folder / "cohort.json").exists():
            check_splits(splits, task.card)
            kind = run.config["source"]["kind"]
            write_pictures(splits, task.card, folder, source_kind=kind)


def check_own_patients(planned: Sequence[PlannedRun]) -> None:
    """Read a table cohort before its plan is shown: CohortError lists all that is wrong with it."""
    for run in planned[:1]:  # one folder holds the patients of all runs
        build_task(run.spec).load(run.spec.source, run.spec.variant, run.spec.seed)


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


class _Display:
    """A bar with time left in a terminal; a line per finished run everywhere."""

    def __init__(self, total: int) -> None:
        self.total, self.count = total, 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        shown = progress.console.is_terminal
        self.bar = Progress(*columns, console=progress.console, disable=not shown, transient=True)
        self.task = self.bar.add_task("runs", total=total)

    def __enter__(self) -> _Display:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def watch(self, running: Iterable[engine.Job]) -> None:
        """Show what is running and the last line that each run said."""
        if self.bar.disable:
            return
        words = []
        for job in running:
            log = job.partial / "log.txt"
            lines = _tail(log)
            name = f"{job.config['task']['name']} {job.config['method']['name']}"
            words.append(f"{name}: {lines[-1]}" if lines else name)
        self.bar.update(self.task, description="\n".join(words)[:300])

    def finished(self, record: RunRecord) -> None:
        """Advance the bar and print one line: what, how well, how long."""
        self.count += 1
        self.bar.advance(self.task)
        config = record.config
        where = f"{config['task']['name']} {cohort_words(config)} {config['run']}"
        progress.say(f"[{self.count}/{self.total}] {where}: {_in_words(record)}")


def _tail(log: Path) -> list[str]:
    """Return the last lines of a log, however long it is."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        return file.read().decode(errors="replace").splitlines()


def _in_words(record: RunRecord) -> str:
    if record.error is not None:
        return f"FAILED, {record.error.splitlines()[0]}"
    main = record.config["card"]["main_metric"]
    score = next(s for s in record.scores if s.metric == main and s.attribute is None)
    value = "undefined" if score.value is None else f"{score.value:.3f}"
    spent = sum((record.result or {})["seconds"].values())
    return f"{main.replace('_', ' ')} {value}, {spent:.0f} s"
