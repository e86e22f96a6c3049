"""The generation track: what each generator draws, beside what real patients get."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.rank.standings import Standing
from leaderboard.read.scored_run import ScoredRun
from leaderboard.words.verdicts import MINUS

ATTRIBUTES = "read_back/attributes"  # the mean over all that are read back but the label


@dataclass(frozen=True)
class Measure:
    """One column: the name in generation.json, its title, and what it says."""

    name: str
    title: str
    help: str
    percent: bool = False


MEASURES = (
    Measure(
        "frechet_distance",
        "FID",
        "Frechet distance between features of generated and real patients. It is no Inception "
        "distance: the features are the judge's, so numbers compare within this table only.",
    ),
    Measure("kernel_distance", "KID", "Kernel distance of the same features; 0 if alike."),
    Measure(
        "precision", "Precision", "Share of generated patients that look like real ones.", True
    ),
    Measure("coverage", "Coverage", "Share of real patients that generated ones come near.", True),
    Measure("similarity", "Alike", "How alike two images of a kind are (MS-SSIM)."),
    Measure(
        "spectrum_ratio", "Fine detail", "Power of the finest waves; below 1 is smoother than life."
    ),
    Measure(
        "clip_score",
        "CLIP",
        "Mean cosine of image and sentence in a small CLIP of the judge's own.",
    ),
    Measure("dice", "Mask kept", "Overlap of the mask asked for with the one read back (Dice)."),
    Measure("read_back/label", "Label kept", "How often the label asked for is read back.", True),
    Measure(
        ATTRIBUTES,
        "Attributes kept",
        "How often the group asked for is read back, mean over the attributes.",
        True,
    ),
    Measure(
        "morphometric_distance",
        "Anatomy",
        "How far areas of regions lie from those of real patients, in standard deviations.",
    ),
    Measure(
        "detection_auroc",
        "Detected",
        "How well a network tells generated from real patients; 0.5 is not at all.",
    ),
    Measure(
        "copy_rate",
        "Copied",
        "Share closer to a training patient than real ones usually are.",
        True,
    ),
    Measure(
        "membership_auroc",
        "Membership",
        "How well closeness to a generated patient gives training patients away; 0.5: not at all.",
    ),
)


def generation_table(
    standings: Sequence[Standing], names: Sequence[str], *, with_gallery: bool
) -> dict[str, Any] | None:
    """Lay out one line per row that has a generator, values averaged over seeds; None: no row."""
    judge = judge_of_board(standings)
    lines, judged = [], []
    groups = _groups(run for s in standings for run in s.row.done if judge_of(run) == judge)
    for standing, name in zip(standings, names, strict=True):
        runs = [run for run in standing.row.done if run.generation and judge_of(run) == judge]
        if runs:
            cells = [_cell(runs, measure) for measure in MEASURES]
            lines.append({"name": name, "cells": cells, "groups": [_cell(runs, m) for m in groups]})
            judged += [(lines[-1], run) for run in runs]
    if not lines:
        return None
    shown = [(line["name"], run) for line, run in judged if run.gallery]
    owner, gallery = (shown[0][0], shown[0][1].gallery) if shown else ("", None)
    return {
        "columns": [(measure.title, measure.help) for measure in MEASURES],
        "rows": lines,
        "groups": [(measure.title, measure.help) for measure in groups],
        "n": str(judged[0][1].generation.get("n", "")),
        "owner": owner,
        "judge": judge,
        "gallery": data_address(gallery) if gallery and with_gallery else "",
    }


def generation_values(standing: Standing, judge: str) -> dict[str, dict[str, float | None]]:
    """Return every number of a row's generator, averaged over the seeds that judge has judged.

    None where one is undefined.
    """
    runs = [run for run in standing.row.done if run.generation and judge_of(run) == judge]
    names = dict.fromkeys(name for run in runs for name in run.generation.get("scores", {}))
    values = {
        name: {part: _mean(runs, name, part) for part in ("value", "floor")} for name in names
    }
    return {
        name: {part: x if math.isfinite(x) else None for part, x in entry.items()}
        for name, entry in values.items()
    }


def _groups(runs: Iterable[ScoredRun]) -> list[Measure]:
    """List the groups whose distances these runs have, by the word for the group."""
    names = dict.fromkeys(name for run in runs for name in run.generation.get("scores", {}))
    return [
        Measure(name, name.split("/", 2)[-1], f"FID of {name.split('/', 1)[1]} alone.")
        for name in names
        if name.startswith("frechet_distance/")
    ]


def judge_of(run: ScoredRun) -> str:
    """Say who judged: numbers of different judges do not compare."""
    return str(run.generation.get("judge", ""))


def judge_of_board(standings: Sequence[Standing]) -> str:
    """Return who has judged most runs that have a generator."""
    return main_judge(run for s in standings for run in s.row.done if run.generation)


def main_judge(runs: Iterable[ScoredRun]) -> str:
    """Return the judge of most runs: numbers of another mean something else and are not shown."""
    counts = Counter(sorted(map(judge_of, runs), reverse=True))
    return max(counts, key=lambda judge: counts[judge], default="")


def _cell(runs: Sequence[ScoredRun], measure: Measure) -> dict[str, str]:
    value, floor = (_mean(runs, measure.name, part) for part in ("value", "floor"))
    return {"value": _words(value, measure), "floor": _words(floor, measure)}


def _mean(runs: Sequence[ScoredRun], name: str, part: str) -> float:
    """Average what every seed has; anything that is no number makes the mean undefined."""
    found = []
    for run in runs:
        scores = run.generation.get("scores", {})
        names = [name]
        if name == ATTRIBUTES:
            read = [key for key in scores if key.startswith("read_back/")]
            names = [key for key in read if key != "read_back/label"]
        numbers = [_number(scores.get(key), part) for key in names]
        found.append(sum(numbers) / len(numbers) if numbers else math.nan)
    return sum(found) / len(found)


def _number(entry: object, part: str) -> float:
    number = entry.get(part) if isinstance(entry, dict) else None
    try:
        return float(number) if isinstance(number, int | float) else math.nan
    except OverflowError:  # an integer of hundreds of digits
        return math.nan


def _words(value: float, measure: Measure) -> str:
    if not math.isfinite(value):
        return "–"
    words = f"{100 * value:.0f}%" if measure.percent else f"{value:.2f}"
    return "0.00" if words == "-0.00" else words.replace("-", MINUS)


def data_address(png: bytes) -> str:
    """Write a picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
