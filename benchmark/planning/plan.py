"""A plan: which runs are done and which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.cohorts.sample_size import small_cells
from benchmark.planning.claims import misspelt_rivals
from benchmark.planning.fields import CheckFailed, build_task
from benchmark.planning.resolve import resolve, run_folder
from benchmark.planning.run_spec import RunSpec
from benchmark.records.config import RunConfig
from benchmark.records.run_folder import Status, status_of


@dataclass(frozen=True)
class PlannedRun:
    """One run of the matrix and how far it has come."""

    spec: RunSpec
    config: RunConfig
    folder: Path
    status: Status  # "unfinished" covers missing and half-written


def plan(specs: Sequence[RunSpec], runs: Path) -> list[PlannedRun]:
    """Resolve every run and look which are done. All problems are reported at once, before work."""
    planned: list[PlannedRun] = []
    problems: list[str] = []
    for spec in specs:
        try:
            config = resolve(spec)
        except (LookupError, ValueError, CheckFailed) as error:
            problems.append(str(error))
            continue
        folder = run_folder(runs, config)
        status = status_of(folder)
        planned.append(PlannedRun(spec, config, folder, status))
    problems += misspelt_rivals([one.config for one in planned], runs)
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    return planned


def check_own_patients(planned: Sequence[PlannedRun]) -> list[str]:
    """Read a table cohort before its plan is shown: CohortError lists all that is wrong with it.

    Returns which cells of test are too small for a claim, in lines; none for digital cohorts.
    """
    own = [run for run in planned if run.spec.data is not None]
    for run in own[:1]:  # one folder holds the patients of all runs
        task = build_task(run.spec)
        splits = task.load(run.spec.source, run.spec.variant, run.spec.seed)
        return small_cells(splits.test.table, task.card)
    return []
