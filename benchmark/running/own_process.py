"""A process that is its own: Ctrl-C does not reach it, and it ends with the one that started it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess


def become_own() -> None:
    """Make this process a group of its own, and end the group when its parent ends."""
    os.setpgid(0, 0)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def kill(process: BaseProcess) -> None:
    """End a process that became its own, and all that it started."""
    with contextlib.suppress(ProcessLookupError):  # it has ended, as it should
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    process.join()
