"""`equipoise leaderboard`: the one door from the engine to the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.console import CohortsOption, RunsOption, tell

if TYPE_CHECKING:
    from benchmark.records.unfinished import Unfinished


def leaderboard(
    runs: RunsOption = Path("runs"),
    site: Annotated[Path, typer.Option("--out", help="Folder of the page.")] = Path("site"),
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Score predictions anew: for folders of others.")
    ] = False,
    cohort: CohortsOption = None,
) -> None:
    """Write the leaderboard page from the run folders and print where it is.

    Labels and attributes of digital cohorts are compared with the cohort, by image id. A run whose
    table differs is left off; one that cannot be compared is shown and gets no place.

    Examples:

    - `equipoise leaderboard --runs runs --out site`
    - `equipoise leaderboard --runs theirs --rescore` believes no score of the folders either
    - `equipoise leaderboard --cohort patients` compares runs on this folder of patients too
    """
    index, compared = write_page(runs, site, rescore=rescore, cohorts=cohort or ())
    tell(f"The leaderboard is at {index.resolve()}")
    tell(compared)


def write_page(
    runs: Path,
    site: Path,
    *,
    rescore: bool = False,
    cohorts: Sequence[Path] = (),
    so_far: Unfinished | None = None,
) -> tuple[Path, str]:
    """Write the page; return its path and how many runs were compared with their cohorts.

    so_far: how far the plan is, where runs of it are still to come. Raises ValueError if no run is
    finished.
    """
    from benchmark.discovery.find import rivals_at_hand
    from benchmark.running.cohort_truth import CohortCheck
    from benchmark.running.compared_runs import ComparedRuns
    from leaderboard.build import build

    known = ComparedRuns.of(runs)
    check = CohortCheck(cohorts, known)
    rivals = rivals_at_hand()
    index = build(runs, site, rescore=rescore, check=check, rivals=rivals, so_far=so_far)
    known.write()
    return index, check.summary()
