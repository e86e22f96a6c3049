"""`equipoise score`."""

from __future__ import annotations

from pathlib import Path

from benchmark.commands.console import RunsOption, tell


def score(runs: RunsOption = Path("runs")) -> None:
    """Compute all scores again from saved predictions; nothing is trained.

    Example: `equipoise score --runs runs`
    """
    from benchmark.planning.plan_report import count_of_runs
    from benchmark.records.run_folder import find_runs
    from benchmark.running.driver import only_driver
    from benchmark.running.rescore import write_result
    from benchmark.support.progress import track

    done = [record for record in find_runs(runs) if record.result is not None]
    if not done:
        raise ValueError(f"There is no finished run in {runs}. `equipoise run` makes some.")
    with only_driver(runs):
        for record in track(done, "scoring", len(done)):
            write_result(record.folder, record.card, record.result or {})
    tell(f"scored {count_of_runs(len(done))} in {runs}")
