"""`equipoise leaderboard`: the one door from the engine to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.console import RunsOption, tell


def leaderboard(
    runs: RunsOption = Path("runs"),
    site: Annotated[Path, typer.Option("--out", help="Folder of the page.")] = Path("site"),
) -> None:
    """Write the leaderboard page from the run folders and print where it is.

    Example: `equipoise leaderboard --runs runs --out site`
    """
    from leaderboard.build import build

    tell(f"The leaderboard is at {build(runs, site).resolve()}")
