"""The drawings of the page: SVG as text, coloured by the page's own style sheet.

Whatever a stranger wrote (a method's name) is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

FONT_WIDTH = 6.7  # pixels per character at 12.5 px, a generous mean
FONT_HEIGHT = 15.0
LONGEST_LABEL = 26  # characters; longer names are cut, the tooltip has all of it
MOST_NAMES = 24  # written in a picture; the other dots say their names when pointed at
TOO_FAR = 0.15  # a row this far below both ERM and the median row is named, not drawn
SIDE = 10.0  # pixels between a dot and its name
FARTHEST = 247  # pixels up or down: room for twelve names of dots in one corner
AIR = 0.02  # between the outermost values and the frame
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Point:
    """One row in the plane: its value and 95 % interval on both axes."""

    name: str
    kind: str
    link: str
    x: tuple[float, float, float]  # value, low, high
    y: tuple[float, float, float]


@dataclass(frozen=True)
class Canvas:
    """A drawing area in pixels and the range of values it shows."""

    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    margin: tuple[float, float, float, float] = (12, 16, 50, 58)  # top, right, bottom, left

    @property
    def frame(self) -> Box:
        """The rectangle inside the margins."""
        top, right, bottom, left = self.margin
        return left, top, self.width - right, self.height - bottom

    def x(self, value: float) -> float:
        """Pixel column of a value, held inside the frame."""
        left, _, right, _ = self.frame
        return _place(value, self.x_range, left, right)

    def y(self, value: float) -> float:
        """Pixel row of a value, held inside the frame."""
        _, top, _, bottom = self.frame
        return _place(value, self.y_range, bottom, top)


def _place(value: float, span: tuple[float, float], start: float, end: float) -> float:
    share = (value - span[0]) / (span[1] - span[0])
    return start + (end - start) * min(max(share, 0.0), 1.0)


def spark(value: float, low: float | None, high: float | None, reference: float | None) -> Markup:
    """Draw a bar from 0 to 1 with its interval; a dashed tick marks the reference."""
    parts = ['<path class="track" d="M0 11H200"/>']
    parts.append(f'<rect class="bar" y="5" height="12" width="{200 * value:.1f}"/>')
    if reference is not None:
        parts.append(f'<path class="reference" d="M{200 * reference:.1f} 0V22"/>')
    if low is not None and high is not None:
        left, right = f"M{200 * low:.1f}", f"M{200 * high:.1f}"
        whisker = f"{left} 11H{right[1:]}{left} 7.5V14.5{right} 7.5V14.5"
        parts.append(f'<path class="whisker" d="{whisker}"/>')
    return Markup(
        '<svg class="spark" viewBox="0 0 200 22" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def split_far(points: Sequence[Point], reference: str) -> tuple[list[Point], list[Point]]:
    """Separate the points worth a place in the picture from those far out on the bad side.

    One row that failed, or one class for everybody, would press all others into a corner. The row
    linked as reference and the better half of the contestants are always in the picture.
    """
    contestants = [point for point in points if point.kind != "control"] or list(points)
    plain = [point for point in points if point.link == reference]
    left, floor = (
        min([float(np.median([at(p) for p in contestants])), *(at(p) for p in plain)]) - TOO_FAR
        for at in (lambda point: point.x[0], lambda point: point.y[0])
    )
    near = [point for point in points if point.x[0] >= left and point.y[0] >= floor]
    return near, [point for point in points if point not in near]


def plane(
    points: Sequence[Point],
    reference: str,
    titles: tuple[str, str],
    size: tuple[int, int],
    css: str,
) -> Markup:
    """Draw accuracy (x) against fairness (y): intervals, names, lines through the reference.

    reference: the link of the row that the dashed lines pass through.
    """
    canvas = Canvas(*size, _span([p.x[0] for p in points]), _span([p.y[0] for p in points]))
    drawn = [_axes(canvas, titles)]
    drawn += [_reference_lines(canvas, p) for p in points if p.link == reference]
    with_name = named(points, reference)
    rest = [point for point in points if point not in with_name]
    labels = place_labels(canvas, with_name, rest)
    # Names come last, so that no whisker crosses out a name.
    drawn += [_whiskers(canvas, point) for point in points]
    drawn += [_dot(canvas, point, None) for point in rest]
    drawn += [_dot(canvas, p, box) for p, box in zip(with_name, labels, strict=True)]
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        css, *size, f"{titles[1]} against {titles[0]}", Markup("").join(drawn)
    )


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Cover all values with some air, in steps of 0.05; longer whiskers end in an arrow head."""
    low, high = np.floor((min(values) - AIR) * 20) / 20, np.ceil((max(values) + AIR) * 20) / 20
    return max(float(low), 0.0), min(float(high), 1.0)


def _ticks(span: tuple[float, float], at_most: int) -> list[float]:
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    step = next((s for s in steps if (span[1] - span[0]) / s <= at_most), 0.5)
    first = int(np.ceil(round(span[0] / step, 6)))
    last = int(np.floor(round(span[1] / step, 6)))
    return [round(k * step, 2) for k in range(first, last + 1)]


def _axes(canvas: Canvas, titles: tuple[str, str]) -> Markup:
    left, top, right, bottom = canvas.frame
    parts = [
        Markup('<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>').format(
            left, top, right - left, bottom - top
        )
    ]
    grid = Markup('<path class="grid" d="M{:.1f} {:.1f}{}{:.1f}"/>')
    tick = Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="{}">{:.0%}</text>')
    for value in _ticks(canvas.x_range, int((right - left) / 70)):
        parts.append(grid.format(canvas.x(value), top, "V", bottom))
        parts.append(tick.format(canvas.x(value), bottom + 18, "middle", value))
    for value in _ticks(canvas.y_range, int((bottom - top) / 50)):
        parts.append(grid.format(left, canvas.y(value), "H", right))
        parts.append(tick.format(left - 8, canvas.y(value) + 4, "end", value))
    name = Markup('<text class="axis" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>')
    parts.append(name.format((left + right) / 2, bottom + 40, titles[0]))
    turned = Markup('<text class="axis" transform="translate(15 {:.1f}) rotate(-90)" {}>{}</text>')
    parts.append(turned.format((top + bottom) / 2, Markup('text-anchor="middle"'), titles[1]))
    return Markup("").join(parts)


def _reference_lines(canvas: Canvas, point: Point) -> Markup:
    left, top, right, bottom = canvas.frame
    x, y = canvas.x(point.x[0]), canvas.y(point.y[0])
    line = Markup('<path class="reference" d="M{:.1f} {:.1f}V{:.1f}M{:.1f} {:.1f}H{:.1f}"/>')
    return line.format(x, top, bottom, left, y, right)


def _whiskers(canvas: Canvas, point: Point) -> Markup:
    x, y = canvas.x(point.x[0]), canvas.y(point.y[0])
    left, right = canvas.x(point.x[1]), canvas.x(point.x[2])
    low, high = canvas.y(point.y[1]), canvas.y(point.y[2])
    lines = f"M{left:.1f} {y:.1f}H{right:.1f}M{x:.1f} {low:.1f}V{high:.1f}"
    kind = escape(point.kind)
    heads = "".join(f'<path class="head {kind}" d="{cut}"/>' for cut in _cut(canvas, point))
    return Markup(f'<path class="whisker {kind}" d="{lines}"/>{heads}')


def _cut(canvas: Canvas, point: Point) -> list[str]:
    """Draw an arrow head where a whisker goes on beyond the frame."""
    x, y = canvas.x(point.x[0]), canvas.y(point.y[0])
    left, top, right, bottom = canvas.frame
    heads = []
    if point.x[1] < canvas.x_range[0]:
        heads.append(f"M{left + 6:.1f} {y - 4:.1f}L{left:.1f} {y:.1f}l6 4")
    if point.x[2] > canvas.x_range[1]:
        heads.append(f"M{right - 6:.1f} {y - 4:.1f}L{right:.1f} {y:.1f}l-6 4")
    if point.y[1] < canvas.y_range[0]:
        heads.append(f"M{x - 4:.1f} {bottom - 6:.1f}L{x:.1f} {bottom:.1f}l4 -6")
    if point.y[2] > canvas.y_range[1]:
        heads.append(f"M{x - 4:.1f} {top + 6:.1f}L{x:.1f} {top:.1f}l4 6")
    return heads


def _dot(canvas: Canvas, point: Point, box: Box | None) -> Markup:
    """Draw a point as a link to its row; box: of its name, None where it has none."""
    x, y = canvas.x(point.x[0]), canvas.y(point.y[0])
    shapes = {
        "baseline": f'<circle class="dot baseline" cx="{x:.1f}" cy="{y:.1f}" r="5"/>',
        "control": f'<rect class="dot control" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" '
        'height="9"/>',
        "method": f'<path class="dot method" d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"/>',
    }
    shape = shapes.get(point.kind, shapes["method"])
    words = escape(f"{point.name}: {point.x[0]:.1%} across, {point.y[0]:.1%} up")
    leader, name = (_leader(x, y, box), _name(point, box)) if box else ("", "")
    link = escape(point.link)
    return Markup(f'<a href="#{link}"><title>{words}</title>{leader}{shape}{name}</a>')


def _leader(x: float, y: float, box: Box) -> Markup:
    """Draw a line from a dot to a name that stands far from it."""
    near_x, near_y = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
    if abs(near_x - x) + abs(near_y - y) <= 16:
        return Markup("")
    return Markup('<path class="leader" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>').format(
        x, y, near_x, near_y
    )


def _name(point: Point, box: Box) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}">{}</text>').format(
        box[0], box[3] - 4, _short(point.name)
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"


def named(points: Sequence[Point], reference: str) -> list[Point]:
    """Choose the points whose names are written: all, or of many the reference and the highest."""
    if len(points) <= MOST_NAMES:
        return list(points)
    first = sorted(points, key=lambda p: (p.link != reference, p.kind != "control", -p.y[0]))
    return [point for point in points if point in first[:MOST_NAMES]]


def place_labels(
    canvas: Canvas, points: Sequence[Point], others: Sequence[Point] = ()
) -> list[Box]:
    """Find a box for each name that covers no dot and no other name.

    Greedy, from the top of the picture down: each name takes the nearest free place of a ring of
    candidates around its dot. Where all are taken, the place that covers least is used.
    others: points without a name, whose dots are not covered either.
    """
    dots = [(canvas.x(p.x[0]), canvas.y(p.y[0])) for p in (*points, *others)]
    taken: list[Box] = [(x - 7, y - 7, x + 7, y + 7) for x, y in dots]
    boxes: dict[int, Box] = {}
    for place in sorted(range(len(points)), key=lambda i: (dots[i][1], dots[i][0])):
        width = len(_short(points[place].name)) * FONT_WIDTH
        candidates = _candidates(dots[place], width, canvas.frame)
        covered = _overlaps(np.array(candidates), np.array(taken))
        boxes[place] = candidates[int(covered.argmin())]
        taken.append(boxes[place])
    return [boxes[place] for place in range(len(points))]


def _candidates(dot: tuple[float, float], width: float, frame: Box) -> list[Box]:
    """Boxes around a dot, nearest first, that lie inside the frame."""
    x, y = dot
    half = FONT_HEIGHT / 2
    found = []
    for away in range(0, FARTHEST, 6):
        for lift in (-away, away) if away else (-half - 4, half + 4, 0):
            for left in (x + SIDE, x - SIDE - width, x - width / 2):
                found.append((left, y + lift - half, left + width, y + lift + half))
    inside = [b for b in found if b[0] >= frame[0] + 3 and b[2] <= frame[2] - 3]
    inside = [b for b in inside if b[1] >= frame[1] + 2 and b[3] <= frame[3] - 2]
    return inside or [(frame[0] + 3, y - half, frame[0] + 3 + width, y + half)]


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the area that each box shares with all others, (boxes,); both (n, 4)."""
    left, top, right, bottom = boxes.T[:, :, None]
    wide = np.minimum(right, others[:, 2]) - np.maximum(left, others[:, 0])
    high = np.minimum(bottom, others[:, 3]) - np.maximum(top, others[:, 1])
    area: np.ndarray = np.where((wide > 0) & (high > 0), wide * high, 0).sum(axis=1)
    return area
