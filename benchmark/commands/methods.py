"""`equipoise methods`."""

from __future__ import annotations

from rich.table import Table

from benchmark.api.declarations import Declaration
from benchmark.commands.console import out
from benchmark.discovery import find


def methods() -> None:
    """List the methods, baselines and controls, and the rows that each of them must beat.

    Example: `equipoise methods`
    """
    table = Table("method", "kind", "must beat", "what it does")
    found = find.find_methods().values()
    for one in sorted(found, key=lambda f: (f.kind != "method", f.kind, f.name)):
        table.add_row(one.name, one.kind, _rivals(one), find.summary(one))
    out.print(table)


def _rivals(found: find.Found) -> str:
    """Name the rows that a method must beat, read without importing it; controls claim nothing."""
    if found.kind == "control":
        return ""
    named = find.written_rivals(found) or Declaration.compare_with
    return ", ".join(name for name in named if name != found.name)
