"""The groups that generators draw for neutral prompts, beside the target mix."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from benchmark.metrics.generation.catalogue import NEUTRAL_METRICS, GenerationMetric
from benchmark.metrics.share_metrics import wilson
from leaderboard.charts.mix_chart import Mark, mix_chart
from leaderboard.rank.standings import Standing
from leaderboard.read.mix_report import mixes_of, number_at, question_of
from leaderboard.read.scored_run import ScoredRun
from leaderboard.tables.generation import data_address, half_width, judge_of, main_judge
from leaderboard.tables.mix_row import (
    KINDS,
    SIDES,
    MixRow,
    by_counter,
    decimal,
    percent,
    points,
)
from leaderboard.tables.mix_verdicts import verdicts_on
from leaderboard.words.verdicts import MINUS


def mix_view(
    standings: Sequence[Standing], names: Sequence[str], *, with_gallery: bool
) -> dict[str, Any] | None:
    """Lay out the mix of every row that has a target: chart, table, pictures; None: no row."""
    rows, pictures = [], {}
    judge = judge_of_mixes(standings)
    for standing, name in zip(standings, names, strict=True):
        same = _selected(standing, judge)
        if same:
            rows.append(MixRow(name, [mixes_of(run) for run in same]))
            shown = [run.neutral for run in same if run.neutral and "before" in _sides(run)]
            if shown:
                pictures[name] = shown[0]
    if not rows:
        return None
    kin = _asked_alike(rows)
    first, owner = kin[0].runs[0], next((row.name for row in kin if row.name in pictures), "")
    trusted = all(run.get("trusted") is True for row in kin for run in row.runs)
    verdicts = [words for row in kin for words in verdicts_on(row, str(first["groups"][0]))]
    return {
        "left_out": ", ".join(row.name for row in rows if row not in kin),
        "trusted": trusted,
        "groups": ", ".join(f"{g} {percent(t)}" for g, t in _pairs(first, "target")),
        "train": ", ".join(f"{g} {percent(t)}" for g, t in _pairs(first, "train")),
        "n": first["n"],
        "count": len(first["sentences"]),
        "first": str(first["groups"][0]),
        "real_clip_score": decimal(kin[0].mean("real_clip_score")),
        "common": _common([str(line["sentence"]) for line in first["sentences"]]),
        "perfect_generator": {
            kind: points(kin[0].mean("perfect_generator", kind)) for kind in KINDS
        },
        "accuracy": ", ".join(
            f"{group} {percent(kin[0].mean('counter_accuracy', k))}"
            for k, group in enumerate(first["groups"])
        ),
        "charts": [_chart(kin, k, group) for k, group in _charted(first["groups"])],
        "verdicts": verdicts if trusted else [],
        "lines": [line for row in kin for line in _lines(row)],
        "costs": [(m.title, m.help) for m in NEUTRAL_METRICS.values()],
        "owner": owner if with_gallery else "",
        "picture": data_address(pictures[owner]) if owner and with_gallery else "",
    }


def judge_of_mixes(standings: Sequence[Standing]) -> str:
    """Return who has judged most runs that have a mix."""
    return main_judge(run for s in standings for run in s.row.done if mixes_of(run))


def _asked_alike(rows: Sequence[MixRow]) -> list[MixRow]:
    """Return the rows that were asked what most runs were: one table needs one question."""
    counts = Counter({question: 0 for question in sorted(map(str, map(_question, rows)))})
    for row in rows:
        counts[str(_question(row))] += len(row.runs)
    most = counts.most_common(1)[0][0]
    return [row for row in rows if str(_question(row)) == most]


def _question(row: MixRow) -> tuple[object, ...]:
    return question_of(row.runs[0])


def _selected(standing: Standing, judge: str) -> list[ScoredRun]:
    """Return a row's runs of one judge that were asked the same: one mean needs one question."""
    judged = [run for run in standing.row.done if mixes_of(run) and judge_of(run) == judge]
    return [run for run in judged if question_of(mixes_of(run)) == question_of(mixes_of(judged[0]))]


def _charted(groups: Sequence[str]) -> list[tuple[int, str]]:
    """Return the groups that get a chart: of two, one says it all."""
    return list(enumerate(groups))[: 1 if len(groups) == 2 else None]


def _chart(rows: Sequence[MixRow], group: int, name: str) -> Markup:
    """Draw, for every prompt, the share of one group before and after and in other rows."""
    first = rows[0].runs[0]
    common = _common([str(line["sentence"]) for line in first["sentences"]])
    lines = []
    for place, line in enumerate(first["sentences"]):
        marks = []
        for number, row in enumerate(rows):
            sides = [side for side in SIDES if side in row.runs[0]["sentences"][place]]
            for side in sides:
                if side == "before" and any(_is_before(other, row) for other in rows):
                    continue  # the untuned generator has a row of its own
                value = row.mean("sentences", place, side, "shares", group)
                low, high = _interval(row, place, side, group)
                words = f"{row.name}, before tuning" if side == "before" else _called(row, rows)
                tuned = side == "after" and "before" in _s(row)
                marks.append(Mark(words, value, low, high, tuned, number))
        rest = str(line["sentence"])[len(common) :].lstrip(", ")
        lines.append((rest or "nothing more", bool(line["tuned"]), marks))
    return mix_chart(lines, float(first["target"][group]), name)


def _called(row: MixRow, rows: Sequence[MixRow]) -> str:
    """Name a row; if it is the untuned generator of another row, add that."""
    tuned = (other.name for other in rows if "before" in _s(other) and _is_before(row, other))
    name = next(tuned, "")
    return f"{row.name}: {name} before tuning" if name else row.name


def _is_before(other: MixRow, row: MixRow) -> bool:
    """Say whether another row is this one's generator before tuning: it draws the same shares."""
    if "before" in _s(other) or len(other.runs) != len(row.runs):
        return False
    return all(
        mine["before"].get("shares") == theirs["after"].get("shares")
        for a, b in zip(row.runs, other.runs, strict=True)
        for mine, theirs in zip(a["sentences"], b["sentences"], strict=True)
        if "before" in mine
    )


def _interval(row: MixRow, place: int, side: str, group: int) -> tuple[float, float]:
    """Interval of a share counted in the images of all runs, or from run to run if that is wider.

    Every seed has a base, a tuning and a judge of its own, so counting is not all that varies.
    """
    of_runs = [number_at(run, ("sentences", place, side, "shares", group)) for run in row.runs]
    share = sum(of_runs) / len(of_runs)
    if not 0 <= share <= 1:
        return math.nan, math.nan
    low, high = wilson(np.array([share]), row.runs[0]["n"] * len(row.runs))
    return min(float(low[0]), *of_runs), max(float(high[0]), *of_runs)


def _common(prompts: Sequence[str]) -> str:
    """Return the words that all prompts begin with, whole parts between commas."""
    parts = [prompt.split(", ") for prompt in prompts]
    same = 0
    while all(len(p) > same and p[same] == parts[0][same] for p in parts):
        same += 1
    return ", ".join(parts[0][:same])


def _s(row: MixRow) -> dict[str, Any]:
    return row.runs[0]["sentences"][0]


def _lines(row: MixRow) -> list[dict[str, Any]]:
    """Return a line of the table for every side of a row."""
    lines = []
    for side in SIDES:
        if side not in row.runs[0]["cost_of_tuning"]:
            continue
        words = f"{row.name}, before" if side == "before" else row.name
        cells = []
        for kind in KINDS:
            off = row.mean("summary", kind, side, "inconsistency")
            cells.append(points(off))
        cells.append(by_counter(row, side))
        cells += [
            percent(row.mean("summary", "tuned", side, part, 0))
            for part in ("shares", "corrected", "by_anatomy")
        ]
        cells.append(decimal(row.mean("summary", "tuned", side, "divergence")))
        cells += [
            _with_interval(metric, *(row.values(*path, name) for path in _costs_of(side)))
            for name, metric in NEUTRAL_METRICS.items()
        ]
        lines.append({"name": words, "cells": cells})
    return lines


def _costs_of(side: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return where the numbers of a side lie, and their standard errors."""
    return ("cost_of_tuning", side), ("cost_of_tuning", "errors", side)


def _with_interval(
    metric: GenerationMetric, values: Sequence[float], errors: Sequence[float]
) -> str:
    """Write a mean over seeds with half of its interval, where that is known."""
    mean, half = sum(values) / len(values), half_width(values, errors)
    words = metric.format(mean).replace("-", MINUS)
    return f"{words} ± {metric.format(half)}" if math.isfinite(mean + half) else words


def mix_values(standing: Standing, judge: str) -> dict[str, Any]:
    """Return a row's mix, averaged over the seeds that judge has judged, and what was asked.

    None where a number is undefined.
    """
    mixes = [mixes_of(run) for run in _selected(standing, judge)]
    if not mixes:
        return {}
    row = MixRow("", mixes)
    asked = {
        "groups": mixes[0]["groups"],
        "target": mixes[0]["target"],
        "n": mixes[0]["n"],
        "trusted": all(mix.get("trusted") is True for mix in mixes),
    }
    sides = [side for side in SIDES if side in mixes[0]["cost_of_tuning"]]
    values = {
        f"{kind}/{side}/inconsistency": row.mean("summary", kind, side, "inconsistency")
        for kind in KINDS
        for side in sides
    }
    values |= {
        f"{side}/{name}": row.mean("cost_of_tuning", side, name)
        for side in sides
        for name in NEUTRAL_METRICS
    }
    return asked | {name: x if math.isfinite(x) else None for name, x in values.items()}


def _sides(run: ScoredRun) -> list[str]:
    return [side for side in SIDES if side in mixes_of(run)["cost_of_tuning"]]


def _pairs(found: dict[str, Any], name: str) -> list[tuple[str, float]]:
    return list(zip(map(str, found["groups"]), found[name], strict=True))
