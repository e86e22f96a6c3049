"""The command line: one file per verb beside this one, put together here."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from benchmark.commands import cohort, judge
from benchmark.commands.check import check
from benchmark.commands.console import Verb, Verbs, plain_errors
from benchmark.commands.describe import describe
from benchmark.commands.doctor import doctor
from benchmark.commands.leaderboard import leaderboard
from benchmark.commands.loading import loading_is_said
from benchmark.commands.methods import methods
from benchmark.commands.new import new
from benchmark.commands.run import run
from benchmark.commands.score import score
from benchmark.commands.tasks import tasks

app = typer.Typer(
    name="equipoise",
    cls=Verbs,
    help="A fairness benchmark with a leaderboard for debiasing methods in medical imaging.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"equipoise {installed_version('equipoise')}")
        raise typer.Exit


@app.callback()
def _whole(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Leave all work to the verbs."""


for verb in (tasks, methods, describe, check, new, run, score, leaderboard, doctor):
    app.command(cls=Verb)(verb)
app.add_typer(cohort.app, name="cohort")
app.add_typer(judge.app, name="judge")


def main() -> None:
    """Run the command line; an error that a person can mend is a sentence, not a traceback."""
    with plain_errors(), loading_is_said():
        app()
