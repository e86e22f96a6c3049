"""Local processes: every run in one of its own, so that a crash or a hang stays its own.

An engine is one function: planned runs in, outcomes out, the run's files left at `partial`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmark.planning.run_spec import RunSpec
from benchmark.records.config import RunConfig

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Job:
    """A run to do, and where its files go while they are not whole yet."""

    spec: RunSpec
    config: RunConfig
    partial: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a job. error is None if the folder at job.partial is whole."""

    job: Job
    error: str | None


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

    watch is called several times a second with the jobs that are running.
    """
    processes = multiprocessing.get_context("forkserver")
    waiting, ended = list(jobs), list[Outcome]()
    running: dict[BaseProcess, tuple[Job, float]] = {}
    try:
        while waiting or running or ended:
            while waiting and len(running) < parallel:
                job = waiting.pop(0)
                shutil.rmtree(job.partial, ignore_errors=True)
                job.partial.mkdir(parents=True)
                worker = processes.Process(target=_work, args=(job,))
                worker.start()
                running[worker] = (job, time.monotonic() + 60 * time_limit_minutes)
            yield from ended  # only now, so that no core waits while a run is being logged
            time.sleep(POLL_SECONDS)
            watch([job for job, _ in running.values()])
            ended = []
            for process, (job, deadline) in list(running.items()):
                late = time.monotonic() > deadline
                if late or not process.is_alive():
                    del running[process]
                    ended.append(Outcome(job, _end(process, job, late, time_limit_minutes)))
    finally:
        for process in running:
            _kill(process)


def _end(process: BaseProcess, job: Job, late: bool, limit: float) -> str | None:
    """Close a process and say what went wrong, if anything did."""
    if process.is_alive() and late:
        _kill(process)
        return (
            f"TimeLimit: the run took longer than {limit:g} minutes of wall-clock time and was "
            "stopped. On a busy machine give --jobs 1. To allow more, set time_limit_minutes in "
            "[run] of a preset of your own; `equipoise describe quick` prints one to start from."
        )
    process.join()
    _kill(process)  # what it may have left running
    if process.exitcode == 0 and (job.partial / "result.json").exists():
        return None
    written = job.partial / "error.txt"
    if written.exists():
        return written.read_text()
    code = process.exitcode or 0
    if code == -signal.SIGKILL:
        return "Killed: the process was killed (signal 9); most often it ran out of memory."
    cause = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"Crashed: the process ended with {cause} before it had a result; see log.txt."


def _kill(process: BaseProcess) -> None:
    """End a run's process and all that it started; a run is a process group of its own."""
    with contextlib.suppress(ProcessLookupError):  # it has ended, as it should
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    process.join()


def _work(job: Job) -> None:
    """Do one run in this process; what it prints goes to log.txt, an exception to error.txt."""
    os.setpgid(0, 0)
    _die_with_parent()
    with (job.partial / "log.txt").open("w", buffering=1) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        sys.stdout = sys.stderr = log
        try:
            _run(job)
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


def _say(line: str) -> None:
    print(line, flush=True)


def _die_with_parent() -> None:
    """End this process and its children when the driver ends: nobody would read the result."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()
