"""The command line: a thin layer of words over the functions that do the work."""

from __future__ import annotations

import dataclasses
import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmark.api.data import Source, default_cache
from benchmark.api.variant import Variant
from benchmark.discovery import find, load
from benchmark.generation.checkpoints import find_checkpoint
from benchmark.presets.settings import load_preset

app = typer.Typer(
    name="equipoise",
    help="A fairness benchmark with a leaderboard for debiasing methods in medical imaging.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
)
cohort_app = typer.Typer(no_args_is_help=True, help="Look at a cohort, or write it to a folder.")
app.add_typer(cohort_app, name="cohort")
WIDTH_OF_A_LOG = 120  # columns, where there is no terminal to ask
out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_A_LOG)

RunsFolder = Annotated[Path, typer.Option("--runs", help="Folder of the run folders.")]
PrevalenceOption = Annotated[
    float | None, typer.Option(help="Share of the positive class in train and val.")
]
WomenOption = Annotated[
    float | None, typer.Option(help="Share of women in train and val of hearts, 0.01 to 0.99.")
]
SeverityOption = Annotated[
    float, typer.Option(help="Bias of train: 0 none, 0.5 as in life, 1 twice as strong; up to 1.5.")
]
CohortOption = Annotated[
    Path | None,
    typer.Option("--cohort", help="Folder of your own patients; see docs/your_own_cohort.md."),
]


def tell(line: str) -> None:
    """Print a line as it is: no markup, and left whole for those who copy it."""
    out.print(line, markup=False, soft_wrap=True)


def main() -> None:
    """Run the command line; what a person can mend is said in a sentence, not a traceback."""
    with _plain_errors():
        app()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say what a person can mend in a sentence; EQUIPOISE_TRACEBACK=1 shows where it arose."""
    try:
        yield
    except (find.LookupFailed, ValueError, OSError) as error:
        if os.environ.get("EQUIPOISE_TRACEBACK"):
            raise
        words = Console(stderr=True, highlight=False)
        words.print(f"equipoise: {error}", markup=False, soft_wrap=True)
        raise SystemExit(2) from error


@app.command()
def tasks() -> None:
    """List the tasks.

    Example: `equipoise tasks`
    """
    table = Table("task", "what it asks", "groups")
    for name, found in sorted(find.find_tasks().items()):
        card = load.load_task(found).card
        table.add_row(name, card.question, ", ".join(a.title for a in card.attributes))
    out.print(table)


@app.command()
def methods() -> None:
    """List the methods, baselines and controls.

    Example: `equipoise methods`
    """
    table = Table("method", "kind", "what it does")
    found = find.find_methods().values()
    for one in sorted(found, key=lambda f: (f.kind != "method", f.kind, f.name)):
        table.add_row(one.name, one.kind, find.summary(one))
    out.print(table)


@app.command("describe")
def describe_command(
    name: Annotated[str, typer.Argument(help="A task, method or preset.")],
) -> None:
    """Say all about one task, method or preset.

    Examples: `equipoise describe group_dro`, `equipoise describe cmr_heart_failure`,
    `equipoise describe quick`
    """
    from benchmark.commands.describe import describe

    describe(name, out)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A method's file, or its name.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A hyperparameter: METHOD.FIELD=VALUE.")
    ] = None,
) -> None:
    """Try a method on toy tasks in under a minute and say in plain words what to mend.

    Toy patients have a site and no sex: methods that aim at a mix are tried with `target`
    "uniform" and `aligns` empty. Examples:

    - `equipoise check my_method.py`
    - `equipoise check my_method.py --set my_method.strength=0.5`
    """
    from benchmark.conformance.check import check_method
    from benchmark.planning.expand_runs import read_fields

    fields = read_fields(settings or [], [name]).popitem()[1] if settings else {}
    _report((one.what, one.advice) for one in check_method(name, fields))
    tell(f"\n{name} keeps the contract. Next: equipoise run --method {name} --method erm")


@app.command()
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


@app.command()
def run(
    task: Annotated[list[str] | None, typer.Option(help="Task; repeatable. Default: all.")] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Method, name or path; repeatable. Default: all that run unnamed."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Method to leave out of the default; repeatable.")
    ] = None,
    preset: Annotated[str, typer.Option(help="quick, standard, paper, or a TOML file.")] = "quick",
    seeds: Annotated[str | None, typer.Option(help="As in 0,1,2. Default: the preset's.")] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", help="A hyperparameter: METHOD.FIELD=VALUE.")
    ] = None,
    cohort: CohortOption = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(help="Stable Diffusion to start generators from: a folder, or a hub id."),
    ] = None,
    extractor: Annotated[
        str | None,
        typer.Option(help="Features for FID, as in resnet50=FILE. Default: the judge's own."),
    ] = None,
    severity: Annotated[
        list[float] | None,
        typer.Option(
            help="Bias of train: 0 none, 0.5 as in life, 1 twice that; up to 1.5; repeatable."
        ),
    ] = None,
    prevalence: PrevalenceOption = None,
    label_noise: Annotated[
        float, typer.Option(help="Share of train and val labels flipped.")
    ] = 0.0,
    site_shift: Annotated[
        float, typer.Option(help="0: test from the training scanner; 1: from another; up to 2.")
    ] = 0.0,
    women: WomenOption = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at the same time. Default: by cores; GPU: 1.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    runs: RunsFolder = Path("runs"),
    tracking_uri: Annotated[
        str | None, typer.Option(help="An MLflow store. Default: sqlite in the runs folder.")
    ] = None,
    tracking: Annotated[bool, typer.Option(help="Copy every run to MLflow.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan only.")] = False,
) -> None:
    """Do the runs that are missing: all tasks x methods x seeds, or those you name.

    The same command again goes on where it was. Examples:

    - `equipoise run` does the quick matrix
    - `equipoise run --method my_method.py --method erm --task cmr_heart_failure`
    - `equipoise run --task brain_mr_sex --severity 0 --severity 0.5 --severity 1 --dry-run`
    - `equipoise run --task cmr_heart_failure --cohort /data/my_cohort --preset standard`
    - `equipoise run --method group_dro --set group_dro.step_size=0.01`
    - `equipoise run --preset paper --checkpoint /models/stable-diffusion --device cuda`
    """
    from benchmark.planning import expand_runs, plan, plan_report
    from benchmark.planning.environment import parallel_runs
    from benchmark.running import driver

    settings = load_preset(preset)
    wanted = checkpoint or settings.checkpoint
    if wanted:
        # Named first, found second: what cannot take one is refused before gigabytes are fetched.
        settings = settings.with_checkpoint(wanted).with_checkpoint(str(find_checkpoint(wanted)))
    jobs = jobs or parallel_runs(settings, device)
    variants = [
        Variant(level, prevalence, label_noise, site_shift, women) for level in severity or [1.0]
    ]
    specs = expand_runs.spell_out(
        preset=settings,
        tasks=task,
        methods=method,
        without=without or [],
        seeds=expand_runs.read_seeds(seeds, settings),
        settings=fields or [],
        variants=variants,
        data=cohort,
        device=device,
        extractor=extractor,
    )
    planned = plan.plan(specs, runs)
    if cohort is not None:
        plan.check_own_patients(planned)
    out.print(plan_report.plan_table(planned))
    for line in (plan_report.plan_cost(planned, runs, jobs), *plan_report.aims(planned)):
        tell(line)
    if not method and not settings.can_generate:
        lacks = "--checkpoint" if settings.generator else "a [generator] in the preset"
        names = ", ".join(expand_runs.need_generator(digital=cohort is None))
        tell(f"Left out, for want of {lacks}: {names}.")
    if dry_run:
        return
    tracker = None
    if tracking:
        from benchmark.running.tracking import MlflowTracker

        tracker = MlflowTracker(runs, tracking_uri)
    try:
        summary = driver.run_matrix(planned, runs, jobs=jobs, tracker=tracker)
    except KeyboardInterrupt:
        tell(
            "Stopped. What is finished is kept: the same command goes on from here, and "
            f"`equipoise leaderboard --runs {runs}` shows what there is."
        )
        raise typer.Exit(130) from None
    tell(
        f"Done before: {summary.done_before}. Done now: {summary.done_now}. "
        f"Failed: {len(summary.failed)}."
    )
    if summary.not_tracked:
        tell(f"{summary.not_tracked} could not be copied to MLflow; the same command tries again.")
    for record in summary.failed:
        tell(f"  {record.folder}/error.txt")
    if summary.failed:
        raise typer.Exit(1)
    tell(f"Next: equipoise leaderboard --runs {runs}")


@app.command()
def score(runs: RunsFolder = Path("runs")) -> None:
    """Compute all scores again from saved predictions; nothing is trained.

    Example: `equipoise score --runs runs`
    """
    from benchmark.planning.plan_report import count_of_runs
    from benchmark.records.run_folder import find_runs
    from benchmark.running.driver import only_driver
    from benchmark.running.rescore import write_result
    from benchmark.support.progress import track

    done = [record for record in find_runs(runs) if record.result is not None]
    if not done:
        raise ValueError(f"There is no finished run in {runs}. `equipoise run` makes some.")
    with only_driver(runs):
        for record in track(done, "scoring", len(done)):
            write_result(record.folder, record.card, record.result or {})
    tell(f"scored {count_of_runs(len(done))} in {runs}")


@app.command()
def leaderboard(
    runs: RunsFolder = Path("runs"),
    site: Annotated[Path, typer.Option("--out", help="Folder of the page.")] = Path("site"),
) -> None:
    """Write the leaderboard page from the run folders and print where it is.

    Example: `equipoise leaderboard --runs runs --out site`
    """
    render = importlib.import_module("leaderboard.build")  # by name: the engine knows no page
    page = render.build(runs, site).resolve()
    tell(f"The leaderboard is at {page}")


@cohort_app.command()
def preview(
    task: Annotated[str, typer.Argument(help="A task.")],
    path: Annotated[Path, typer.Option("--out", help="PNG file.")] = Path("cohort.png"),
    severity: SeverityOption = 1.0,
    prevalence: PrevalenceOption = None,
    women: WomenOption = None,
    cohort: CohortOption = None,
    masks: Annotated[bool, typer.Option(help="Draw the outlines of the masks.")] = False,
) -> None:
    """Draw a contact sheet of a cohort, patients of every group side by side.

    Examples:

    - `equipoise cohort preview cmr_heart_failure --masks`
    - `equipoise cohort preview cmr_heart_failure --women 0.2`
    """
    from benchmark.cohorts.preview import preview_sheet
    from benchmark.planning.resolve import refuse_unknown_knobs

    loaded = load.load_task(find.locate(task, "task"))
    variant = Variant(severity, prevalence, women=women)
    refuse_unknown_knobs(loaded.card, variant)
    splits = loaded.load(_small_source(cohort), variant, 0)
    preview_sheet(splits, loaded.card, path, with_masks=masks, sample=cohort is None)
    tell(f"wrote {path}")


@cohort_app.command()
def export(
    task: Annotated[str, typer.Argument(help="A task.")],
    folder: Annotated[Path, typer.Option("--out", help="An empty or new folder.")],
    severity: SeverityOption = 1.0,
    prevalence: PrevalenceOption = None,
    women: WomenOption = None,
    preset: Annotated[str, typer.Option(help="How many patients, how large.")] = "quick",
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Write a digital cohort as a folder of images with participants.tsv.

    Example: `equipoise cohort export brain_mr_sex --out my_cohort`
    """
    from benchmark.cohorts.export import export_cohort
    from benchmark.planning.resolve import refuse_unknown_knobs

    loaded = load.load_task(find.locate(task, "task"))
    sizes = dataclasses.asdict(load_preset(preset).source)
    variant = Variant(severity, prevalence, women=women)
    refuse_unknown_knobs(loaded.card, variant)
    splits = loaded.load(Source(cache=default_cache() / "cohorts", **sizes), variant, seed)
    export_cohort(splits, loaded.card, folder)
    tell(f"wrote {folder}; use it with: equipoise run --task {task} --cohort {folder}")


def _small_source(data: Path | None) -> Source:
    return Source(folder=data, image_size=96, train=300, val=50, test=144, cache=default_cache())


@app.command()
def doctor() -> None:
    """Look whether this machine is fit to run, and say what to do if not.

    Example: `equipoise doctor`
    """
    from benchmark.commands.doctor import diagnose

    _report((f"{one.what}: {one.found}", one.remedy) for one in diagnose())


def _report(looked_at: Iterable[tuple[str, str]]) -> None:
    """Print what was looked at and what to mend; with anything to mend the command fails."""
    to_mend = False
    for what, remedy in looked_at:
        to_mend = to_mend or bool(remedy)
        tell(f"{'MEND' if remedy else 'ok  '} {what}")
        if remedy:
            tell(f"     {remedy}")
    if to_mend:
        raise typer.Exit(1)
