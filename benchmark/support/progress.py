"""Progress that suits its reader: a bar with time left in a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track as rich_track

T = TypeVar("T")
LINE_EVERY_SECONDS = 30.0

console = Console(stderr=True, highlight=False)


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yield items while showing how far it is and how long it will take."""
    if console.is_terminal:
        yield from rich_track(items, description, total, console=console, transient=True)
        return
    started = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= LINE_EVERY_SECONDS and done < total:
            left = (now - started) / done * (total - done)
            say(f"{description}: {done} of {total}, {left:.0f} s left")
            last = now


def say(line: str) -> None:
    """Print one line for a person, beside any bar, on standard error."""
    console.print(line, markup=False, soft_wrap=True)
    sys.stderr.flush()
