"""What a page, or a results folder without one, says of runs that failed."""

from __future__ import annotations

from pathlib import Path

from benchmark.records.run_folder import FoundRuns
from leaderboard.read.scored_run import FoundRun


def nothing_to_show(root: Path, found: FoundRuns[FoundRun], failed: list[FoundRun]) -> str:
    """Say why there is no page: how many runs there are, and what the first one failed with."""
    folders = len(found.readable) + len(found.unreadable)
    words = f"No finished run below {root}: {folders} run folders, {len(failed)} of them failed."
    if found.unreadable:
        words += f" {len(found.unreadable)} cannot be read: {found.unreadable[0]}"
    if failed:
        words += f" The first failed with: {first_line(failed[0].error)}"
    return words + " Make some with `equipoise run`, or name the folder that holds them."


def first_line(error: str | None) -> str:
    """Return the first line of an error text that says something."""
    lines = [line.strip() for line in (error or "").splitlines()]
    return next((line for line in lines if line), "no message was left")
