"""`equipoise score`."""

from __future__ import annotations

from pathlib import Path

import typer

from benchmark.commands.console import CohortsOption, RunsOption, tell


def score(runs: RunsOption = Path("runs"), cohort: CohortsOption = None) -> None:
    """Compute all scores again from saved predictions; nothing is trained.

    A run whose labels or attributes are not those of its cohort is named and not scored.

    Example: `equipoise score --runs runs`
    """
    from benchmark.records.run_folder import look_for_runs, read_run
    from benchmark.running.cohort_ceilings import renew_ceilings
    from benchmark.running.cohort_truth import CohortCheck
    from benchmark.running.driver import only_driver
    from benchmark.running.rescore import rescore
    from benchmark.support.progress import track
    from benchmark.support.words import counted

    found = look_for_runs(runs, read_run)
    for words in found.unreadable:
        tell(words)
    done = [run for run in found.readable if run.result is not None]
    if not done:
        raise ValueError(f"There is no finished run in {runs}. `equipoise run` makes some.")
    with only_driver(runs):
        renew_ceilings(done)
        check = CohortCheck(cohort or ())
        tried = (check.refusal(run) or rescore(run) for run in track(done, "scoring", len(done)))
        failed = [words for words in tried if words]
    tell(f"scored {counted(len(done) - len(failed), 'run')} in {runs}")
    tell(check.summary())
    for words in failed:
        tell(words)
    if failed:
        raise typer.Exit(1)
