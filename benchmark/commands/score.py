"""`equipoise score`."""

from __future__ import annotations

from pathlib import Path

import typer

from benchmark.commands.console import RunsOption, tell


def score(runs: RunsOption = Path("runs")) -> None:
    """Compute all scores again from saved predictions; nothing is trained.

    Example: `equipoise score --runs runs`
    """
    from benchmark.planning.plan_report import count_of_runs
    from benchmark.records.run_folder import look_for_runs, read_run
    from benchmark.running.driver import only_driver
    from benchmark.running.rescore import rescore
    from benchmark.support.progress import track

    found = look_for_runs(runs, read_run)
    for words in found.unreadable:
        tell(words)
    done = [run for run in found.readable if run.result is not None]
    if not done:
        raise ValueError(f"There is no finished run in {runs}. `equipoise run` makes some.")
    with only_driver(runs):
        failed = [words for run in track(done, "scoring", len(done)) if (words := rescore(run))]
    tell(f"scored {count_of_runs(len(done) - len(failed))} in {runs}")
    for words in failed:
        tell(words)
    if failed:
        raise typer.Exit(1)
