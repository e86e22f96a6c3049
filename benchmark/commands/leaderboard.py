"""`equipoise leaderboard`: the one door from the engine to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.console import RunsOption, tell


def leaderboard(
    runs: RunsOption = Path("runs"),
    site: Annotated[Path, typer.Option("--out", help="Folder of the page.")] = Path("site"),
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Score predictions anew: for folders of others.")
    ] = False,
) -> None:
    """Write the leaderboard page from the run folders and print where it is.

    Examples:

    - `equipoise leaderboard --runs runs --out site`
    - `equipoise leaderboard --runs theirs --rescore` believes no score that the folders claim
    """
    from leaderboard.build import build

    tell(f"The leaderboard is at {build(runs, site, rescore=rescore).resolve()}")
