"""`equipoise new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.console import tell


def new(
    name: Annotated[str, typer.Argument(help="Name of the method, as in my_method.")],
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path(),
) -> None:
    """Write a commented one-file method, which works as it is, and its test.

    Example: `equipoise new my_method`
    """
    from benchmark.commands.scaffold import write_method

    for path in write_method(name, folder):
        tell(f"wrote {path}")
    tell(f"Next: equipoise check {folder / name}.py")
