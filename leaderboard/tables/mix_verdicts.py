"""Sentences on what tuning did to a mix, and on what anatomy says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmark.support.words import counted
from leaderboard.read.mix_report import number_at
from leaderboard.tables.mix_row import KINDS, SIDES, MixRow, by_counter, percent, points

ESTIMATES = ("shares", "by_anatomy")
COPIES = 0.2  # share of images above which a sentence says so
APART = 0.15  # shares that differ more do not speak for the same mix, where no floor is known
FLOORS = 3  # times as far apart as anatomy is off for real patients: chance does not explain it


def verdicts_on(row: MixRow, group: str) -> list[str]:
    """Return sentences on what tuning did to a row's mix, and whether the two estimates agree."""
    off = {
        (kind, side): [number_at(run, ("summary", kind, side, "inconsistency")) for run in row.runs]
        for kind in KINDS
        for side in SIDES
    }
    means = {place: points(sum(values) / len(values)) for place, values in off.items()}
    if "–" in means.values():  # nothing was tuned, or a number is missing
        return []
    words = [
        f"{row.name}: {means['tuned', 'after']} points off its target after tuning and "
        f"{means['tuned', 'before']} before ({_nearer(off, 'tuned')}); on held-out prompts "
        f"{means['held_out', 'after']} and {means['held_out', 'before']} "
        f"({_nearer(off, 'held_out')})."
    ]
    copied = row.mean("cost_of_tuning", "after", "copy_rate")
    if copied > COPIES:
        words.append(
            f"{percent(copied)} of what {row.name} draws are copies: closer to a training patient "
            "than real patients usually are."
        )
    return [*_disagreement(row, group), *words]


def _disagreement(row: MixRow, group: str) -> list[str]:
    """Say what anatomy speaks for, where it and the networks speak for different mixes."""
    by_networks, measured = (row.mean("summary", "tuned", "after", p, 0) for p in ESTIMATES)
    floor = row.mean("summary", "tuned", "after", "anatomy_floor")
    if not abs(by_networks - measured) > (FLOORS * floor if math.isfinite(floor) else APART):
        return []
    known = f", which is {points(floor)} points off for real patients of the target"
    return [
        f"By anatomy, {row.name} draws {percent(measured)} {group}"
        f"{known if math.isfinite(floor) else ''}; networks count {percent(by_networks)} "
        f"(single ones find it {by_counter(row, 'after')} points off). The look of images cannot "
        "mislead areas of regions: where the two disagree, anatomy counts."
    ]


def _nearer(off: Mapping[tuple[str, str], Sequence[float]], kind: str) -> str:
    """Say with how many seeds tuning brought the mix nearer to the target."""
    pairs = list(zip(off[kind, "before"], off[kind, "after"], strict=True))
    nearer = sum(after < before for before, after in pairs)
    seeds = counted(len(pairs), "seed")
    if nearer == 0:
        return f"nearer with none of {seeds}"
    return f"nearer with {nearer} of {seeds}"
