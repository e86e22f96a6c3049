"""Do something with every board: of many runs, on all cores at once."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from leaderboard.read.boards import Board

MANY = 1000  # finished runs; fewer take less time than other processes would to start

R = TypeVar("R")
_work: list[Any] = []  # of a child: what it was started with


def each_board(boards: Sequence[Board], make: Callable[[Board], R]) -> list[R]:
    """Return what make returns for each board, in order; it must be small and picklable.

    Matrices are small here, so that threads of the linear algebra would only wait for each other.
    Boards stay where they are: children are forked, so that no draws are copied. Where processes
    cannot be forked, or threads run that a fork would lose, one process does it all.
    """
    runs = sum(len(row.done) for board in boards for row in board.rows)
    cores = min(os.cpu_count() or 1, len(boards))
    forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    if runs < MANY or cores < 2 or not forks:
        with threadpool_limits(1):
            return [make(board) for board in boards]
    context = multiprocessing.get_context("fork")
    with context.Pool(cores, initializer=_begin, initargs=(boards, make)) as pool:
        return pool.map(_one, range(len(boards)), chunksize=1)


def _begin(boards: Sequence[Board], make: Callable[[Board], Any]) -> None:
    threadpool_limits(1)
    gc.freeze()  # what was inherited is neither searched for garbage nor copied by the search
    _work[:] = [boards, make]


def _one(place: int) -> Any:
    boards, make = _work
    return make(boards[place])
