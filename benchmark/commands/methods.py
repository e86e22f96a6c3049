"""`equipoise methods`."""

from __future__ import annotations

from rich.table import Table

from benchmark.commands.console import out
from benchmark.discovery import find


def methods() -> None:
    """List the methods, baselines and controls.

    Example: `equipoise methods`
    """
    table = Table("method", "kind", "what it does")
    found = find.find_methods().values()
    for one in sorted(found, key=lambda f: (f.kind != "method", f.kind, f.name)):
        table.add_row(one.name, one.kind, find.summary(one))
    out.print(table)
