"""The rows of a matrix while it runs: what became of every seed, and the headline score so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_intervals
from benchmark.planning.plan import PlannedRun
from benchmark.planning.resolve import cohort_words
from benchmark.records.config import RunConfig
from benchmark.records.result import known_draws
from benchmark.records.run_folder import RunRecord, read_run

State = Literal["waiting", "running", "done", "failed"]
Board = tuple[str, str]  # task and cohort


@dataclass
class Row:
    """One method, with its fields, on one board."""

    name: str
    metric: str
    seeds: dict[int, State] = field(default_factory=dict)
    draws: dict[int, np.ndarray] = field(default_factory=dict)  # (1 + resamples,) of done seeds
    doing: str = ""  # what a running seed wrote last

    def add(self, record: RunRecord) -> None:
        """Take a finished or failed run in."""
        seed = record.config.seed
        self.seeds[seed] = "done" if record.status == "done" else "failed"
        drawn = _headline(record)
        if drawn is not None:
            self.draws[seed] = drawn

    @property
    def score(self) -> tuple[float, float, float] | None:
        """Return mean over done seeds, low and high of its 95 % interval; None: no seed is done.

        The interval is over patients and these seeds, from the draws that the runs saved, as on
        the page but without what the board's other rows tell; low and high may be NaN.
        """
        if not self.draws:
            return None
        shortest = min(len(drawn) for drawn in self.draws.values())
        cut = {seed: drawn[:shortest] for seed, drawn in self.draws.items()}
        rows = {self.name: RowDraws(self.name, cut)}
        return seed_intervals(rows, METRICS[self.metric].limits)[self.name]


def rows_of(planned: Sequence[PlannedRun]) -> dict[Board, dict[str, Row]]:
    """Lay out a plan, finished runs with their scores; tasks by name, methods as planned."""
    boards: dict[Board, dict[str, Row]] = {}
    for run in sorted(planned, key=lambda run: board_of(run.config)):
        rows = boards.setdefault(board_of(run.config), {})
        name = row_name(run)
        row = rows.setdefault(name, Row(name, run.config.card.main_metric))
        row.seeds[run.config.seed] = "waiting"
        if run.status == "done":
            row.add(read_run(run.folder))
    for rows in boards.values():
        for row in rows.values():
            row.seeds = dict(sorted(row.seeds.items()))
    return boards


def board_of(config: RunConfig) -> Board:
    """Return the task and the cohort of a run."""
    return config.task.name, cohort_words(config)


def row_name(run: PlannedRun) -> str:
    """Name a row: the method and the fields that were set."""
    fields = ", ".join(f"{name}={value}" for name, value in run.spec.fields.items())
    return f"{run.config.method.name} {fields}".strip()


def score_words(row: Row) -> str:
    """Write a score for a narrow column; empty while no seed is done."""
    found = row.score
    if found is None:
        return ""
    value, low, high = found
    if math.isnan(value):
        return "undefined"
    return f"{value:.3f}" if math.isnan(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _headline(record: RunRecord) -> np.ndarray | None:
    """Return the headline score of a run and its draws, (1 + resamples,), or the score alone."""
    if record.result is None:
        return None
    key = ScoreKey(record.card.main_metric)
    values = np.array([score.value for score in record.scores], dtype=np.float64)  # None is NaN
    draws = known_draws(record.folder, record.card, values)
    if draws is not None and key in draws:
        return draws[key]
    score = next(score.value for score in record.scores if score.key == key)
    return np.array([math.nan if score is None else score])
