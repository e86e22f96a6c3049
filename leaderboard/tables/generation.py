"""The generation track: what each generator draws, beside what real patients get."""

from __future__ import annotations

import base64
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.metrics.generation.catalogue import ASKED_METRICS, GenerationMetric, part_name
from benchmark.metrics.generation.halves import WIDTH
from benchmark.records.generation import GenerationScore
from leaderboard.rank.standings import Standing
from leaderboard.read.scored_run import ScoredRun
from leaderboard.words.verdicts import MINUS


@dataclass(frozen=True)
class Column:
    """A number of generation.json with the metric that it belongs to."""

    name: str  # in generation.json; of several numbers, what all their names begin with
    metric: GenerationMetric
    group: str = ""  # the value of an attribute, if it is of one group alone

    @property
    def head(self) -> tuple[str, str]:
        """Title and help."""
        return self.group or self.metric.title, self.metric.help


def generation_table(
    standings: Sequence[Standing], names: Sequence[str], *, with_gallery: bool
) -> dict[str, Any] | None:
    """Lay out one line per row that has a generator, values averaged over seeds; None: no row."""
    judge = judge_of_board(standings)
    lines, judged, columns = [], [], shown_columns()
    groups = _groups(run for s in standings for run in s.row.done if judge_of(run) == judge)
    for standing, name in zip(standings, names, strict=True):
        runs = [run for run in standing.row.done if run.generation and judge_of(run) == judge]
        if runs:
            cells = [_cell(runs, column) for column in columns]
            lines.append({"name": name, "cells": cells, "groups": [_cell(runs, m) for m in groups]})
            judged += [(lines[-1], run) for run in runs]
    if not lines:
        return None
    shown = [(line["name"], run) for line, run in judged if run.gallery]
    owner, gallery = (shown[0][0], shown[0][1].gallery) if shown else ("", None)
    return {
        "columns": [column.head for column in columns],
        "rows": lines,
        "groups": [column.head for column in groups],
        "n": _drawn(judged[0][1]),
        "owner": owner,
        "judge": judge,
        "gallery": data_address(gallery) if gallery and with_gallery else "",
    }


def generation_values(standing: Standing, judge: str) -> dict[str, dict[str, float | None]]:
    """Return every number of a row's generator, averaged over the seeds that judge has judged.

    None where one is undefined.
    """
    runs = [run for run in standing.row.done if run.generation and judge_of(run) == judge]
    names = dict.fromkeys(name for run in runs for name in _scores(run))
    values = {
        name: {part: _mean(runs, name, part) for part in ("value", "floor")} for name in names
    }
    return {
        name: {part: x if math.isfinite(x) else None for part, x in entry.items()}
        for name, entry in values.items()
    }


def shown_columns() -> list[Column]:
    """Return the columns of the main table, in the catalogue's order."""
    return [Column(name, m) for name, m in ASKED_METRICS.items() if m.shown == "column"]


def _groups(runs: Iterable[ScoredRun]) -> list[Column]:
    """Return a column for every group that these runs have numbers of."""
    names = dict.fromkeys(name for run in runs for name in _scores(run))
    return [
        Column(name, metric, name.removeprefix(part_name(kind, "")).partition("/")[2])
        for kind, metric in ASKED_METRICS.items()
        if metric.shown == "groups"
        for name in names
        if name.startswith(part_name(kind, ""))
    ]


def judge_of(run: ScoredRun) -> str:
    """Return the judge's name: numbers of different judges do not compare."""
    return run.generation.judge if run.generation else ""


def judge_of_board(standings: Sequence[Standing]) -> str:
    """Return the judge of most runs that have a generator."""
    return main_judge(run for s in standings for run in s.row.done if run.generation)


def main_judge(runs: Iterable[ScoredRun]) -> str:
    """Return the judge of most runs: numbers of another mean something else and are not shown."""
    counts = Counter(sorted(map(judge_of, runs), reverse=True))
    return max(counts, key=lambda judge: counts[judge], default="")


def _cell(runs: Sequence[ScoredRun], column: Column) -> dict[str, str]:
    shown = {
        part: column.metric.format(_mean(runs, column.name, part)).replace("-", MINUS)
        for part in ("value", "floor")
    }
    values = [_of_run(run, column.name, "value") for run in runs]
    half = half_width(values, [_of_run(run, column.name, "error") for run in runs])
    return {**shown, "error": column.metric.format(half) if math.isfinite(half) else ""}


def half_width(values: Sequence[float], errors: Sequence[float]) -> float:
    """Return half of the 95 % interval of a mean over seeds; NaN if errors are not known.

    The images of each seed vary, and so do generators from seed to seed; what varies more counts.
    """
    n = len(values)
    by_images = sum(error**2 for error in errors) / n
    by_seeds = statistics.variance(values) if n > 1 else 0.0
    return WIDTH * math.sqrt(max(by_images, by_seeds) / n)


def _mean(runs: Sequence[ScoredRun], name: str, part: str) -> float:
    """Average what every seed has; anything that is no number makes the mean undefined.

    Of a metric with several numbers, such as one per attribute, it is their mean.
    """
    found = [_of_run(run, name, part) for run in runs]
    return sum(found) / len(found)


def _of_run(run: ScoredRun, name: str, part: str) -> float:
    """Return one run's number, or the mean of several numbers of one metric."""
    scores = _scores(run)
    parts = [key for key in scores if key.startswith(part_name(name, ""))]
    numbers = [_number(scores.get(key), part) for key in parts or [name]]
    return sum(numbers) / len(numbers)


def _drawn(run: ScoredRun) -> str:
    return str(run.generation.n) if run.generation else ""


def _scores(run: ScoredRun) -> dict[str, GenerationScore]:
    return run.generation.scores if run.generation else {}


def _number(entry: GenerationScore | None, part: str) -> float:
    if entry is None:
        return math.nan
    number = {"value": entry.value, "floor": entry.floor, "error": entry.error}[part]
    return math.nan if number is None else number


def data_address(png: bytes) -> str:
    """Write a picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
