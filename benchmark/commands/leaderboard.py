"""`equipoise leaderboard`: the one door from the engine to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.console import CohortsOption, RunsOption, tell


def leaderboard(
    runs: RunsOption = Path("runs"),
    site: Annotated[Path, typer.Option("--out", help="Folder of the page.")] = Path("site"),
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Score predictions anew: for folders of others.")
    ] = False,
    cohort: CohortsOption = None,
) -> None:
    """Write the leaderboard page from the run folders and print where it is.

    Examples:

    - `equipoise leaderboard --runs runs --out site`
    - `equipoise leaderboard --runs theirs --rescore` believes no score and no label of the folders
    """
    from leaderboard.build import build

    check = None
    if rescore:
        from benchmark.running.cohort_truth import CohortCheck

        check = CohortCheck(cohort or ())
    elif cohort:
        raise ValueError("--cohort compares labels with a folder of patients: add --rescore.")
    tell(f"The leaderboard is at {build(runs, site, rescore=rescore, check=check).resolve()}")
    if check:
        tell(check.summary())
