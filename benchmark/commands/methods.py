"""`equipoise methods`."""

from __future__ import annotations

import ast

from rich.table import Column, Table

from benchmark.commands.console import out
from benchmark.discovery import find


def methods() -> None:
    """List the methods, baselines and controls, and the rows that each of them must beat.

    The column "runs" says which of them `equipoise run` does only if --method names them.

    Example: `equipoise methods`
    """
    table = Table("method", "kind", "runs", Column("must beat", no_wrap=True), "what it does")
    found = find.find_methods().values()
    for one in sorted(found, key=lambda f: (f.kind != "method", f.kind, f.name)):
        runs = "by default" if runs_by_default(one) else "if named"
        table.add_row(one.name, one.kind, runs, _rivals(one), find.summary(one))
    out.print(table)


def runs_by_default(found: find.Found) -> bool:
    """Whether a method runs without being named: no by_default=False in its file, not imported."""
    try:
        tree = ast.parse(found.path.read_text())
    except (OSError, SyntaxError, ValueError):  # the summary says that it cannot be read
        return True
    return not any(
        isinstance(node, ast.keyword)
        and node.arg == "by_default"
        and isinstance(node.value, ast.Constant)
        and node.value.value is False
        for node in ast.walk(tree)
    )


def _rivals(found: find.Found) -> str:
    """Name the rows that a method must beat, read without importing it; controls claim nothing."""
    if found.kind == "control":
        return ""
    from benchmark.api.declarations import Declaration

    named = find.written_rivals(found) or Declaration.compare_with
    return ", ".join(name for name in named if name != found.name)
