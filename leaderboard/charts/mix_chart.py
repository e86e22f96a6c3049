"""A chart of shares: one line per prompt, the target as a line through all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

LEFT, RIGHT, LINE = 14, 18, 36  # pixels
WIDTH = 460  # so that a phone shows all of it
LEGEND = 19  # pixels of a line of the legend
LONGEST = 66  # characters of a prompt that fit above its line
SHAPES = ("circle", "square", "diamond", "triangle", "wedge", "hexagon")


@dataclass(frozen=True)
class Mark:
    """The share that one generator drew for one prompt, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    tuned: bool  # drawn filled; others hollow
    row: int  # of the board: each has a shape, before tuning as after it


def mix_chart(
    lines: Sequence[tuple[str, bool, Sequence[Mark]]], target: float, group: str
) -> Markup:
    """Draw prompts (words, whether tuned on, marks) from top to bottom, shares along them."""
    known = {mark.name: mark for _, _, marks in lines for mark in marks}
    parts = [_legend(list(known.values()))]
    top = LEGEND * len(known) + 34
    y = top + LINE / 2
    for kind, heading in (
        (True, "prompts used in tuning"),
        (False, "prompts held out from tuning"),
    ):
        of_kind = [(words, marks) for words, tuned, marks in lines if tuned == kind]
        if not of_kind:
            continue
        parts.append(Markup('<text class="mix-kind" x="{}" y="{}">{}</text>').format(0, y, heading))
        y += LINE
        for words, marks in of_kind:
            parts.append(_line(words, marks, y))
            y += LINE
    bottom = y - LINE / 2
    frame = _axis(top, bottom, target)
    label = Markup("Share of {} among the images of each neutral prompt").format(group)
    return Markup(
        '<svg class="mix" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}'
        '<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text></svg>'
    ).format(
        WIDTH, round(bottom + 44), label, frame, Markup("").join(parts),
        (LEFT + WIDTH - RIGHT) / 2, round(bottom + 38), f"share of {group}",
    )  # fmt: skip


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - RIGHT - LEFT), 1)


def _line(words: str, marks: Sequence[Mark], y: float) -> Markup:
    short = words if len(words) <= LONGEST else "…" + words[1 - LONGEST :]
    parts = [
        Markup('<text class="mix-words" x="{}" y="{}">{}<title>{}</title></text>')
        .format(LEFT, y - 10, short, words),
        Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>')
        .format(LEFT, WIDTH - RIGHT, y, y),
    ]  # fmt: skip
    for mark in marks:
        if math.isfinite(mark.value):
            parts.append(_mark(mark, y))
    return Markup("").join(parts)


def _mark(mark: Mark, y: float) -> Markup:
    """Draw the interval and the share, and say both when pointed at."""
    x, words = _x(mark.value), f"{mark.name}: {100 * mark.value:.0f}%"
    interval = Markup("")
    if mark.tuned and math.isfinite(mark.low) and math.isfinite(mark.high):
        interval = Markup('<line class="mix-interval" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            _x(mark.low), _x(mark.high), y, y
        )
        words += f" ({100 * mark.low:.0f} to {100 * mark.high:.0f})"
    return Markup('<g class="mix-mark{}">{}{}<title>{}</title></g>').format(
        " tuned" if mark.tuned else "", interval, _shape(mark.row, x, y), words
    )


def _shape(number: int, x: float, y: float) -> Markup:
    kind = SHAPES[number % len(SHAPES)]
    if kind == "circle":
        return Markup('<circle cx="{}" cy="{}" r="5"/>').format(x, y)
    corners: dict[str, list[tuple[float, float]]] = {
        "square": [(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)],
        "diamond": [(0, -6), (6, 0), (0, 6), (-6, 0)],
        "triangle": [(0, -6), (5.5, 4.5), (-5.5, 4.5)],
        "wedge": [(0, 6), (5.5, -4.5), (-5.5, -4.5)],
        "hexagon": [(-6, 0), (-3, -5), (3, -5), (6, 0), (3, 5), (-3, 5)],
    }
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners[kind])
    return Markup('<polygon points="{}"/>').format(points)


def _axis(top: float, bottom: float, target: float) -> Markup:
    """Draw quarters, and the target as a line of its own."""
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(
            Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
                _x(share), top, bottom
            )
        )
        parts.append(
            Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                _x(share), round(bottom + 18), f"{100 * share:.0f}%"
            )
        )
    parts.append(
        Markup('<line class="mix-target" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
            _x(target), top - 6, bottom
        )
    )
    parts.append(
        Markup('<text class="mix-goal" x="{}" y="{}" text-anchor="middle">target</text>').format(
            _x(target), top - 11
        )
    )
    return Markup("").join(parts)


def _legend(marks: Sequence[Mark]) -> Markup:
    parts = []
    for number, mark in enumerate(marks):
        y, filled = 12 + LEGEND * number, " tuned" if mark.tuned else ""
        words = f"{mark.name} (line: 95 % interval, or the range of seeds)" if filled else mark.name
        parts.append(
            Markup('<g class="mix-mark{}">{}<text x="{}" y="{}">{}</text></g>').format(
                filled, _shape(mark.row, 8, y), 20, y + 4, words
            )
        )
    return Markup("").join(parts)
