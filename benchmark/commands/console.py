"""How the command line speaks: its console, its errors, and the options that commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from benchmark.discovery.find import LookupFailed

WIDTH_OF_A_LOG = 120  # columns, where there is no terminal to ask
out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)

PRESETS = "quick, standard, paper, or a TOML file"

RunsOption = Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Folder of the runs.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="METHOD.FIELD=VALUE",
        help="A hyperparameter, as in group_dro.step_size=0.01; repeatable. "
        "`equipoise describe METHOD` lists them.",
    ),
]
KnobOption = Annotated[
    list[str] | None,
    typer.Option(
        "--knob",
        metavar="NAME=VALUE",
        help="Bias of a digital cohort, as in severity=0.5; repeatable. "
        "`equipoise describe TASK` lists the knobs.",
    ),
]
CohortOption = Annotated[
    Path | None,
    typer.Option(
        "--cohort",
        metavar="FOLDER",
        help="Your own patients; see docs/guides/your_own_cohort.md.",
    ),
]

CohortsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--cohort",
        metavar="FOLDER",
        help="A folder of patients that runs were made on, to compare labels with; repeatable.",
    ),
]


class _PlainFlags:
    """Shows flags as they are given: --masks, and not --masks <bool>."""

    def get_params(self, ctx: Any) -> list[Any]:
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
        return parameters


class Verb(_PlainFlags, TyperCommand):
    """A command of the command line."""


class Verbs(_PlainFlags, TyperGroup):
    """Commands under one word, as in `equipoise cohort`."""


def tell(line: str) -> None:
    """Print a line as it is: no markup, and left whole for those who copy it."""
    out.print(line, markup=False, soft_wrap=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what a person can mend in a sentence; EQUIPOISE_TRACEBACK=1 shows where it arose."""
    try:
        yield
    except (LookupFailed, ValueError, OSError) as error:
        if os.environ.get("EQUIPOISE_TRACEBACK"):
            raise
        words = Console(stderr=True, highlight=False)
        words.print(f"equipoise: {error}", markup=False, soft_wrap=True)
        raise SystemExit(2) from error


def report(findings: Iterable[tuple[str, str]]) -> None:
    """Print what was looked at and what to mend; with anything to mend the command fails."""
    to_mend = False
    for what, remedy in findings:
        to_mend = to_mend or bool(remedy)
        tell(f"{'MEND' if remedy else 'ok  '} {what}")
        if remedy:
            tell(f"     {remedy}")
    if to_mend:
        raise typer.Exit(1)
