"""`equipoise tasks`."""

from __future__ import annotations

from rich.table import Table

from benchmark.commands.console import out


def tasks() -> None:
    """List the tasks.

    Example: `equipoise tasks`
    """
    from benchmark.discovery import find, load

    table = Table("task", "what it asks", "groups")
    for name, found in sorted(find.find_tasks().items()):
        card = load.load_task(found).card
        table.add_row(name, card.question, ", ".join(a.title for a in card.attributes))
    out.print(table)
