"""`equipoise judge`: make the official judge of a digital task, or look at its card."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.console import Verb, Verbs, out, tell

if TYPE_CHECKING:
    from benchmark.api.protocols import Task
    from benchmark.planning.run_spec import RunSpec

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Make the official judge of a digital task, which measures generators, or show its card.",
)
TaskArgument = Annotated[str, typer.Argument(help="A task with a digital cohort.")]


@app.command(cls=Verb)
def build(
    task: TaskArgument,
    image_size: Annotated[
        int,
        typer.Option(metavar="PIXELS", min=16, help="Size of the images that the judge reads."),
    ] = 64,
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Replaced; without it: the task's own."),
    ] = None,
) -> None:
    """Make the judge of a task from nothing: 30,000 new patients, six networks, a card.

    About 20 minutes on one core. Every version of a task needs a judge of its own.

    Example: `equipoise judge build brain_mr_sex`
    """
    from benchmark.api.protocols import judge_of

    spec, loaded = _spec(task, image_size)
    target = folder or judge_of(loaded, spec.source)
    if target is None:
        raise ValueError(f"{task} names no folder for its judge. Give one: --out FOLDER")
    from benchmark.generation.official.build import build_judge
    from benchmark.generation.official.training import Work
    from benchmark.running.predictions import JUDGE, make_context, make_repeatable

    make_repeatable(spec)
    ctx = make_context(loaded, JUDGE, spec, tell)
    command = f"equipoise judge build {task} --image-size {image_size}"
    card = build_judge(ctx, target, Work(), command)
    tell(f"wrote {target}: judge {card.digest[:8]} of {card.task}, version {card.task_version}")


@app.command(cls=Verb)
def show(
    task: TaskArgument,
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="FOLDER", help="Of a judge that lies elsewhere.")
    ] = None,
) -> None:
    """Print the card of a task's judge: how it was made, and how well it reads.

    Example: `equipoise judge show brain_mr_sex`
    """
    from benchmark.api.protocols import judge_of
    from benchmark.commands.judge_card import card_lines
    from benchmark.records.judge_card import check_files, read_card

    spec, loaded = _spec(task, 64)
    place = folder or judge_of(loaded, spec.source)
    if place is None or not place.is_dir():
        raise ValueError(f"{task} has no official judge. Make one: equipoise judge build {task}")
    card = read_card(place)
    check_files(place, card)
    for line in card_lines(card):
        out.print(line, markup=False, soft_wrap=True)


def _spec(name: str, image_size: int) -> tuple[RunSpec, Task]:
    """Return what a judge is made under, and the task; refuse a task without new patients."""
    from benchmark.api.data import default_cache
    from benchmark.api.protocols import DigitalTask
    from benchmark.discovery import find, load
    from benchmark.planning.run_spec import RunSpec
    from benchmark.presets.load import load_preset

    task = load.load_task(find.locate(name, "task"))
    if not isinstance(task, DigitalTask) or task.digital is None:
        raise ValueError(f"{name} has no digital cohort, and a judge learns from new patients.")
    preset = load_preset("quick")
    source = dataclasses.replace(preset.source, image_size=image_size)
    preset = dataclasses.replace(preset, source=source)
    variant = task.knobs.variant()
    spec = RunSpec(name, "judge", variant, 0, preset, cache=default_cache())
    return spec, task
