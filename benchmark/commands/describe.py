"""`equipoise describe`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.commands.console import out


def describe(name: Annotated[str, typer.Argument(help="A task, method or preset.")]) -> None:
    """Say all about one task, method or preset.

    Examples: `equipoise describe group_dro`, `equipoise describe cmr_heart_failure`,
    `equipoise describe quick`
    """
    from benchmark.commands.description import print_description

    print_description(name, out)
