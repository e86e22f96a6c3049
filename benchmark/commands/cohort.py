"""`equipoise cohort`: look at a cohort, or write it to a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.console import PRESETS, CohortOption, KnobOption, Verb, Verbs, tell

if TYPE_CHECKING:
    from benchmark.api.data import Source, Splits
    from benchmark.api.protocols import Task

app = typer.Typer(
    cls=Verbs, no_args_is_help=True, help="Look at a cohort, or write it to a folder."
)
TaskArgument = Annotated[str, typer.Argument(help="A task.")]


@app.command(cls=Verb)
def preview(
    task: TaskArgument,
    path: Annotated[Path, typer.Option("--out", help="PNG file.")] = Path("cohort.png"),
    knob: KnobOption = None,
    cohort: CohortOption = None,
    masks: Annotated[bool, typer.Option(help="Draw the outlines of the masks.")] = False,
) -> None:
    """Draw a contact sheet of a cohort: patients of train, of every group, side by side.

    It needs no preset and no seed: a digital cohort is made small for the picture, with 300
    training images of 96 x 96 and seed 0. Of a folder, all training images are counted.

    Examples:

    - `equipoise cohort preview cmr_heart_failure --masks`
    - `equipoise cohort preview cmr_heart_failure --knob women=0.2`
    """
    from benchmark.api.data import Source, default_cache
    from benchmark.cohorts.preview import preview_sheet

    small = Source(folder=cohort, image_size=96, train=300, val=50, test=144, cache=default_cache())
    loaded, splits = _load(task, knob or [], small, seed=0)
    preview_sheet(splits, loaded.card, path, with_masks=masks, sample=cohort is None)
    tell(f"wrote {path}")


@app.command(cls=Verb)
def export(
    task: TaskArgument,
    folder: Annotated[Path, typer.Option("--out", help="An empty or new folder.")],
    knob: KnobOption = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME", help=f"Number of patients and size of their images: {PRESETS}."
        ),
    ] = "quick",
    seed: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Of the patients of train and val, as in a run."),
    ] = 0,
) -> None:
    """Write a digital cohort as a folder of images with participants.tsv.

    Example: `equipoise cohort export brain_mr_sex --out my_cohort`
    """
    from benchmark.api.data import Source, default_cache
    from benchmark.cohorts.export import export_cohort, refuse_full
    from benchmark.presets.load import load_preset

    refuse_full(folder)  # before minutes of work
    sizes = dataclasses.asdict(load_preset(preset).source)
    source = Source(cache=default_cache() / "cohorts", **sizes)
    loaded, splits = _load(task, knob or [], source, seed)
    export_cohort(splits, loaded.card, folder)
    tell(f"wrote {folder}; use it with: equipoise run --task {task} --cohort {folder}")


def _load(name: str, knobs: list[str], source: Source, seed: int) -> tuple[Task, Splits]:
    """Load the one cohort that is meant."""
    from benchmark.cohorts.facts import cohort_facts
    from benchmark.discovery import find, load
    from benchmark.planning.knobs import variants_of

    task = load.load_task(find.locate(name, "task"))
    cohort_facts(task, source.folder)  # refuses a task without a digital cohort
    variants = variants_of({name: task}, knobs, source.folder)
    if len(variants) > 1:
        raise ValueError(f"--knob {' --knob '.join(knobs)}: one cohort takes each knob once.")
    return task, task.load(source, variants[0][name], seed)
