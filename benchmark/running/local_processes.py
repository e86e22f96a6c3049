"""Local processes: every job in one of its own, so that a crash or a hang stays its own.

An engine is one function: jobs in, outcomes out, the files of a run left at `partial`.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess

from benchmark.running.jobs import Job, Outcome, WaitingLine
from benchmark.running.own_process import become_own, kill

POLL_SECONDS = 0.05
AFTER_RUNS = 5  # priority of a cohort's process: it gets the cores that runs leave free


def start_server(threads: int) -> None:
    """Let the process that all runs are forked from import its libraries, while others work.

    Imported once and inherited by each run they save seconds per run. threads: of a run.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read by the libraries as they are imported
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(
        ["benchmark.generation.judging.track", "benchmark.running.runner", "timm"]
    )
    forkserver.ensure_running()


def run_local(
    jobs: Sequence[Job],
    parallel: int,
    time_limit_minutes: float,
    watch: Callable[[Sequence[Job]], None] = lambda running: None,
) -> Iterator[Outcome]:
    """Do the jobs in processes, `parallel` at a time, and yield outcomes as they come.

    The first job that can begin is the next. The time limit is for runs; cohorts have none.
    watch is called several times a second with the jobs that are running.
    """
    line, ended = WaitingLine(jobs, parallel), list[Outcome]()
    running: dict[BaseProcess, tuple[Job, float]] = {}
    try:
        while line or running or ended:
            while job := line.next([job for job, _ in running.values()]):
                limit = math.inf if job.prepares else 60 * time_limit_minutes
                running[_start(job)] = (job, time.monotonic() + limit)
            yield from ended  # only now, so that no core waits while a run is being logged
            time.sleep(POLL_SECONDS)
            watch([job for job, _ in running.values()])
            ended = []
            for process, (job, deadline) in list(running.items()):
                late = time.monotonic() > deadline
                if late or not process.is_alive():
                    del running[process]
                    error = _end(process, job, late, time_limit_minutes)
                    ended += line.end(Outcome(job, error))
    finally:
        for process in running:
            kill(process)


def _start(job: Job) -> BaseProcess:
    shutil.rmtree(job.partial, ignore_errors=True)
    job.partial.mkdir(parents=True)
    worker = multiprocessing.get_context("forkserver").Process(target=_work, args=(job,))
    worker.start()
    return worker


def _end(process: BaseProcess, job: Job, late: bool, limit: float) -> str | None:
    """Close a process and say what went wrong, if anything did."""
    if process.is_alive() and late:
        kill(process)
        return (
            f"TimeLimit: the run took longer than {limit:g} minutes of wall-clock time and was "
            "stopped. On a busy machine give --jobs 1. To allow more, set time_limit_minutes in "
            "[run] of a preset of your own; `equipoise describe quick` prints one to start from."
        )
    process.join()
    kill(process)  # what it may have left running
    if process.exitcode == 0 and job.is_whole:
        return None
    written = job.partial / "error.txt"
    if written.exists():
        return written.read_text()
    code = process.exitcode or 0
    if code == -signal.SIGKILL:
        return "Killed: the process was killed (signal 9); most often it ran out of memory."
    cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"Crashed: the process ended with {cause} before it had a result; see log.txt."


def _work(job: Job) -> None:
    """Do one job in this process; what it prints goes to log.txt, an exception to error.txt."""
    become_own()
    with (job.partial / "log.txt").open("w", buffering=1) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        sys.stdout = sys.stderr = log
        try:
            _prepare(job) if job.prepares else _run(job)
        except BaseException as error:  # sys.exit in a method is a failure too
            words = f"{type(error).__name__}: {error}\n\n{traceback.format_exc()}"
            (job.partial / "error.txt").write_text(words)
            log.flush()
            os._exit(1)


def _run(job: Job) -> None:
    import torch

    from benchmark.planning import fields
    from benchmark.running import runner

    torch.set_num_threads(job.spec.preset.run.threads)
    task, method = fields.build_task(job.spec), fields.build_method(job.spec)
    runner.run(task, method, job.spec, job.config, job.partial, say=_say)


def _prepare(job: Job) -> None:
    from benchmark.running.cohort_preparation import prepare_cohort

    os.nice(AFTER_RUNS)
    prepare_cohort(job.spec, job.cohort)


def _say(line: str) -> None:
    print(line, flush=True)
