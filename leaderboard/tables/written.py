"""Parts of a row written out as HTML: a template takes too long over hundreds of thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from leaderboard.tables.columns import Cell, Column


def pairs(listed: Iterable[tuple[str, str]]) -> Markup:
    """Write terms with their texts for a <dl>."""
    return Markup(
        "".join(f"<div><dt>{escape(t)}</dt><dd>{escape(x)}</dd></div>" for t, x in listed)
    )


def table_cells(columns: Sequence[Column], cells: Sequence[Cell]) -> Markup:
    """Write the cells of a ranking's row."""
    return Markup("".join(map(_cell, columns, cells)))


def _cell(column: Column, cell: Cell) -> str:
    style = f"col-{column.key}{' text' * column.words}{' undefined' * cell.undefined}"
    style += " more" * column.more
    value = f' data-value="{escape(cell.sort)}"' if cell.sort is not None else ""
    note = f' title="{escape(cell.note)}"' if cell.note else ""
    sub = f'<span class="sub">{escape(cell.sub)}</span>' if cell.sub else ""
    tone = f" {cell.tone}" if cell.tone else ""
    return (
        f'<td class="{style}" data-label="{escape(column.title)}"{value}{note}>'
        f'{cell.picture or ""}<span class="value{tone}">{escape(cell.text)}</span>{sub}</td>'
    )
