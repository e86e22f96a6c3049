"""Writes the page again and again while runs go on, in a process beside them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmark.commands.leaderboard import write_page
from benchmark.records.unfinished import Unfinished
from benchmark.running.own_process import become_own, kill
from benchmark.support import progress


class PageWriter:
    """Builds one page at a time. Asked again meanwhile, it goes on with what was asked last."""

    def __init__(self, runs: Path, site: Path, cohorts: Sequence[Path]) -> None:
        self._places = (runs, site, tuple(cohorts))
        self._asked: Unfinished | None = None
        self._at_work: tuple[BaseProcess, Connection] | None = None

    def ask(self, so_far: Unfinished) -> None:
        """Ask for a page of the runs that are done."""
        self._asked = so_far
        self.look()

    def look(self) -> None:
        """Say what became of the page in work and begin the one that was asked for, if any."""
        if self._at_work and not self._at_work[0].is_alive():
            self._end(*self._at_work)
        if self._asked and not self._at_work:
            self._begin(self._asked)
            self._asked = None

    def close(self) -> None:
        """Give up what is in work: no file of the page is half-written."""
        if self._at_work:
            kill(self._at_work[0])
        self._asked = self._at_work = None

    def _begin(self, so_far: Unfinished) -> None:
        processes = multiprocessing.get_context("forkserver")
        receiver, sender = processes.Pipe(duplex=False)
        process = processes.Process(target=_write, args=(sender, *self._places, so_far))
        process.start()
        sender.close()
        self._at_work = (process, receiver)

    def _end(self, process: BaseProcess, receiver: Connection) -> None:
        process.join()
        kill(process)  # what it may have left running
        self._at_work = None
        said = f"its process ended with {process.exitcode}"
        with contextlib.suppress(EOFError):  # it was killed
            said = receiver.recv()
        receiver.close()
        index = (self._places[1] / "index.html").resolve()
        failed = f"The page could not be written: {said}. The runs go on."
        progress.say(failed if said else f"The page is at {index}")


def _write(
    sender: Connection, runs: Path, site: Path, cohorts: Sequence[Path], so_far: Unfinished
) -> None:
    """Write the page in this process and send what went wrong; what it prints is nobody's."""
    become_own()
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    said = ""
    try:
        write_page(runs, site, cohorts=cohorts, so_far=so_far)
    except Exception as error:  # told by the parent
        said = f"{type(error).__name__}: {error}"
    sender.send(said)
