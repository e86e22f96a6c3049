"""Gives cohorts of older runs the ceilings that their tasks have today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from benchmark.api.data import Source
from benchmark.api.protocols import ceiling_of
from benchmark.api.scores import ScoreKey
from benchmark.discovery.find import LookupFailed, find_tasks
from benchmark.discovery.load import load_task
from benchmark.records.base import UnreadableRecord
from benchmark.records.cohort import cohort_beside, read_cohort_record, write_ceilings
from benchmark.records.config import RunConfig
from benchmark.records.run_folder import RunRecord


def renew_ceilings(runs: Iterable[RunRecord]) -> None:
    """Write the ceilings of today's tasks into every cohort.json that has others.

    A cohort whose task has none here, or is another one here, stays as it is; so does a cohort.json
    that cannot be read, of which the page says so.
    """
    cohorts = {cohort_beside(run.folder, run.config.cohort): run.config for run in runs}
    for folder, config in cohorts.items():
        try:
            record = read_cohort_record(folder) if folder else None
        except UnreadableRecord:
            continue
        if folder and record and (ceilings := _ceilings_of(config)) not in ({}, record.ceilings):
            write_ceilings(folder, record, ceilings)


def _ceilings_of(config: RunConfig) -> dict[ScoreKey, float]:
    """Ask a run's task for ceilings; {} where that task is not here, or another one."""
    found = find_tasks().get(config.task.name)
    if found is None or config.source.kind == "table":
        return {}
    try:
        task = load_task(found)
        variant = task.knobs.variant(**config.variant.knobs)
    except (LookupFailed, ValueError):
        return {}  # the check of labels names such a run
    if task.card != config.card:
        return {}
    return ceiling_of(task, Source(**asdict(config.preset.source)), variant)
