"""Group by group: the two tables inside an opened row.

They are written out here and not in a template: a large board has a hundred thousand cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from benchmark.api.card import Group, TaskCard, group_words
from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS, Needs, Per
from leaderboard.rank.means import Estimates
from leaderboard.read.score_table import NOT_COUNTED

FEW = 50  # images; a value that rests on fewer is shown in grey
FAINT = ' class="faint"'


@dataclass(frozen=True)
class _Cell:
    """One address of a table, with what its metric needs and how it is printed."""

    key: ScoreKey
    needs: Needs
    format: Callable[[float], str]


@dataclass(frozen=True)
class _Line:
    """A line: what stands before its cells, ready for the page, and its cells."""

    start: str  # HTML
    name: str  # HTML
    cells: tuple[_Cell, ...]


class GroupTables:
    """Scores per group, and differences between groups, of the rows of one board."""

    def __init__(self, card: TaskCard) -> None:
        of_groups, of_gaps = detail_metrics(card, "group"), detail_metrics(card, "attribute")
        divisions = [*((a.name,) for a in card.attributes), *card.intersections]
        titles = [" × ".join(card.attribute(n).title for n in names) for names in divisions]
        self._groups = _block("Everybody", [("all", (), ())], of_groups)
        self._gaps = [_line("worst attribute", (), (), of_gaps)]
        for names, title in zip(divisions, titles, strict=True):
            groups = [(group_words(group), names, group) for group in card.group_names(names)]
            self._groups += _block(title, groups, of_groups)
            self._gaps.append(_line(title, names, (), of_gaps))

    def groups(self, estimates: Estimates) -> Markup:
        """Everybody, each attribute, each declared intersection: one line per group."""
        return Markup(self._table(self._groups, estimates, counted=True))

    def gaps(self, estimates: Estimates) -> Markup:
        """Return differences between groups: overall, of each attribute and intersection."""
        return Markup(self._table(self._gaps, estimates, counted=False))

    def _table(self, lines: Sequence[_Line], estimates: Estimates, *, counted: bool) -> str:
        numbers, counts = estimates.numbers.tolist(), estimates.counts.tolist()
        places = estimates.addresses.places
        written = []
        for line in lines:
            at = [places.get(cell.key) for cell in line.cells]
            written.append(line.start)
            written.append(f'<tr><th scope="row">{line.name}</th>')
            if counted:
                n = counts[at[0]][0] if at[0] is not None else 0
                written.append(f"<td{FAINT if n < FEW else ''}>{n}</td>")
            for cell, place in zip(line.cells, at, strict=True):
                if place is None:
                    written.append('<td class="undefined" title="not scored">undefined</td>')
                else:
                    note = estimates.notes.get(place, "")
                    written.append(_written(cell, numbers[place], counts[place], note))
            written.append("</tr>")
        return "".join(written)


def _block(
    title: str, groups: Sequence[tuple[str, tuple[str, ...], Group]], metrics: Sequence[str]
) -> list[_Line]:
    """Return the lines of some groups; the first begins with a heading over the whole width."""
    heading = Markup('<tr><th scope="rowgroup" class="block" colspan="{}">{}</th></tr>').format(
        len(metrics) + 2, title
    )
    starts = [str(heading), *[""] * (len(groups) - 1)]
    return [
        _line(name, names, group, metrics, start)
        for start, (name, names, group) in zip(starts, groups, strict=True)
    ]


def _line(
    name: str, attributes: tuple[str, ...], group: Group, metrics: Sequence[str], start: str = ""
) -> _Line:
    cells = (
        _Cell(ScoreKey(metric, attributes, group), METRICS[metric].needs, METRICS[metric].format)
        for metric in metrics
    )
    return _Line(start, str(escape(name)), tuple(cells))


def _written(
    cell: _Cell, numbers: tuple[float, float, float], counts: tuple[int, int, int], note: str
) -> str:
    """Write a value over its interval; one that rests on few images is faint, with their number."""
    value, low, high = numbers
    if math.isnan(value):
        return f'<td class="undefined" title="{escape(note)}">undefined</td>'
    rests_on, style = support(counts, cell.needs), ""
    if rests_on < FEW:
        style = f'{FAINT} title="Rests on {rests_on} images."'
    if note:
        style = f' title="{escape(note)}"'
    limits = ""
    if not math.isnan(low):
        first, last = cell.format(low).removesuffix("%"), cell.format(high).removesuffix("%")
        limits = f"<small>{first}–{last}</small>"
    return f"<td{style}>{cell.format(value)}{limits}</td>"


def detail_metrics(card: TaskCard, per: Per) -> list[str]:
    """Return the metrics that the tables of an opened row show."""
    return [
        name
        for name, metric in METRICS.items()
        if metric.per == per
        and metric.in_details
        and (len(card.classes) == 2 or not metric.two_classes)
    ]


def support(counts: Sequence[int], needs: Needs) -> int:
    """Count the images that decide how sure a value is: of the label that the metric looks at.

    counts: images, positives and negatives. A metric that needs every class is no surer than the
    rarer one lets it be.
    """
    n, positives, negatives = counts
    if positives == NOT_COUNTED or needs == "images":
        return n
    if needs == "every class":
        return min(positives, negatives)
    return positives if needs == "positives" else negatives
