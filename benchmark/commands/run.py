"""`equipoise run`: from options to a plan, and the runs of it that are missing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.console import (
    PRESETS,
    CohortOption,
    KnobOption,
    RunsOption,
    SetOption,
    out,
    tell,
)

if TYPE_CHECKING:
    from benchmark.commands.page_writer import PageWriter
    from benchmark.planning.plan import PlannedRun
    from benchmark.planning.run_spec import RunSpec
    from benchmark.presets.settings import Preset
    from benchmark.running.driver import Summary
    from benchmark.running.tracking import MlflowTracker

TaskOption = Annotated[
    list[str] | None,
    typer.Option(metavar="TASK", help="Name or path; repeatable. Default: all tasks."),
]
MethodOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="METHOD",
        help="Name or path; repeatable. Default: all but those that `equipoise methods` marks "
        "*if named*.",
    ),
]
WithoutOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="METHOD|KIND",
        help="A method to leave out, or all of a kind: method, baseline or control, as "
        "`equipoise methods` shows them, or generative, for all that need the preset's "
        "[generator]; repeatable.",
    ),
]
PresetOption = Annotated[str, typer.Option(metavar="NAME", help=f"{PRESETS}.")]
SeedsOption = Annotated[
    str | None,
    typer.Option(
        metavar="0-4",
        help="As in 0-4, or 0,1,2, or 0-2,5; for all methods. Default: the preset's, or "
        "development seeds where --set tries a setting.",
    ),
]
DevelopmentOption = Annotated[
    bool,
    typer.Option(
        "--development",
        help="Development seeds (100, 101, ...), as many as the preset has: to choose settings.",
    ),
]
CheckpointOption = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="Stable Diffusion to start generators from; or a hub's name of one."
    ),
]
ExtractorOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=FILE", help="Features for FID, as in resnet50=FILE. Default: the judge's own."
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Runs at the same time. Default: by cores; on a GPU 1."),
]
DeviceOption = Annotated[str, typer.Option(metavar="NAME", help="auto, cpu or cuda.")]
TrackingUriOption = Annotated[
    str | None,
    typer.Option(metavar="URI", help="An MLflow store. Default: sqlite in the runs folder."),
]
TrackingOption = Annotated[bool, typer.Option(help="Copy every run to MLflow.")]
SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="FOLDER",
        help="Write the page into this folder after every round of runs, beside the runs.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")]


def run(
    task: TaskOption = None,
    method: MethodOption = None,
    without: WithoutOption = None,
    preset: PresetOption = "quick",
    seeds: SeedsOption = None,
    development: DevelopmentOption = False,
    fields: SetOption = None,
    knob: KnobOption = None,
    cohort: CohortOption = None,
    checkpoint: CheckpointOption = None,
    extractor: ExtractorOption = None,
    jobs: JobsOption = None,
    device: DeviceOption = "auto",
    runs: RunsOption = Path("runs"),
    tracking_uri: TrackingUriOption = None,
    tracking: TrackingOption = True,
    site: SiteOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Do the runs that are missing: all tasks x methods x seeds, or those you name.

    The same command again goes on where it was. Runs go in rounds: methods that train no generator
    with their first seed, then their other seeds, then those that train one. Examples:

    - `equipoise run` does the quick matrix
    - `equipoise run --method my_method.py --method erm --task cmr_heart_failure`
    - `equipoise run --task brain_mr_sex --knob severity=0 --knob severity=0.5 --dry-run`
    - `equipoise run --task cmr_heart_failure --cohort /data/my_cohort --preset standard`
    - `equipoise run --method group_dro --set group_dro.step_size=0.01` takes development seeds
    - `equipoise run --site site` writes the page after every round
    - `equipoise run --preset paper --checkpoint /models/stable-diffusion --device cuda`
    """
    from benchmark.planning import expand_runs
    from benchmark.planning.environment import parallel_runs
    from benchmark.planning.seeds import read_seeds
    from benchmark.running.local_processes import start_server
    from benchmark.support.memory import remembering

    chosen, settings = read_seeds(seeds, development=development), _preset(preset, checkpoint)
    with remembering():
        specs = expand_runs.expand(
            preset=settings, tasks=task, methods=method, without=without or [], seeds=chosen,
            settings=fields or [], knobs=knob or [], data=cohort, device=device,
            extractor=extractor,
        )  # fmt: skip
        jobs = jobs or parallel_runs(settings, device)
        if not dry_run:
            start_server(settings.run.threads)  # it imports its libraries meanwhile
        planned = _plan(specs, runs, jobs)
        _tell_seeds(specs, by_default=seeds is None and not development)
        if not method and not settings.can_generate:
            _tell_left_out(settings, digital=cohort is None)
    if not dry_run:
        tracker = _tracker(runs, tracking_uri) if tracking else None
        summary = _execute(planned, runs, jobs, tracker, _page_writer(planned, runs, site))
        page = _last_page(planned, runs, site) if site else ""
        _tell_summary(summary, page or f"Next: {_next_command(runs, cohort)}")


def _preset(name: str, checkpoint: str | None) -> Preset:
    """Load the preset; a checkpoint that it cannot take is refused before it is fetched."""
    from benchmark.generation.checkpoints import find_checkpoint
    from benchmark.presets.load import load_preset

    settings = load_preset(name)
    wanted = checkpoint or settings.checkpoint
    if wanted:
        settings = settings.with_checkpoint(wanted)
        settings = settings.with_checkpoint(str(find_checkpoint(wanted)))
    return settings


def _plan(specs: Sequence[RunSpec], runs: Path, jobs: int) -> list[PlannedRun]:
    """Resolve the runs, in the order in which they are done, and print the plan."""
    from benchmark.planning import claims, plan, plan_report, probe
    from benchmark.planning.rounds import in_rounds

    planned = plan.plan(specs, runs)
    costs = probe.costs_here(planned, runs, measure=True)
    planned = in_rounds(planned, costs)
    too_small = plan.check_own_patients(planned)
    out.print(plan_report.plan_table(planned))
    missing = claims.missing_rivals([run.config for run in planned], runs)
    aims, cost = plan_report.aims(planned), plan_report.plan_cost(planned, costs, jobs)
    for line in (cost, *aims, *missing, *too_small):
        tell(line)
    return planned


def _tell_seeds(specs: Sequence[RunSpec], *, by_default: bool) -> None:
    """Say that a plan runs on development seeds, if it does; by_default: nobody asked for them."""
    from benchmark.planning.expand_runs import tried_settings
    from benchmark.planning.seeds import development_note

    tried = tried_settings((spec.method, spec.fields) for spec in specs) if by_default else []
    own = any(spec.data is not None for spec in specs)
    if note := development_note({spec.seed for spec in specs}, tried, own_patients=own):
        tell(note)


def _tell_left_out(preset: Preset, *, digital: bool) -> None:
    from benchmark.planning.expand_runs import need_generator

    lacks = "--checkpoint" if preset.generator else "a [generator] in the preset"
    tell(f"Left out, because {lacks} is missing: {', '.join(need_generator(digital=digital))}.")


def _tracker(runs: Path, uri: str | None) -> MlflowTracker:
    from benchmark.running.tracking import MlflowTracker

    return MlflowTracker(runs, uri)


def _page_writer(planned: Sequence[PlannedRun], runs: Path, site: Path | None) -> PageWriter | None:
    """Return what writes the page after every round, and say where it will be and when."""
    from benchmark.commands.page_writer import PageWriter
    from benchmark.planning.rounds import Rounds
    from benchmark.support.words import counted

    if site is None:
        return None
    first, *others = Rounds(planned).left or [0]
    more = counted(len(others), "other follows", "others follow")
    when = f"The first round has {counted(first, 'run')}, and {more}."
    tell(f"The page, written after every round: {(site / 'index.html').resolve()}. {when}")
    return PageWriter(runs, site, _cohorts(planned))


def _last_page(planned: Sequence[PlannedRun], runs: Path, site: Path) -> str:
    """Write the page of all that is done and say where it is, or why there is none."""
    from benchmark.commands.leaderboard import write_page

    try:
        index, compared = write_page(runs, site, cohorts=_cohorts(planned))
    except ValueError as error:
        return f"The page could not be written: {error}"
    return f"The leaderboard is at {index.resolve()}\n{compared}"


def _cohorts(planned: Sequence[PlannedRun]) -> list[Path]:
    """Return the folders of patients that labels are compared with."""
    return list({run.spec.data for run in planned if run.spec.data is not None})


def _next_command(runs: Path, cohort: Path | None) -> str:
    """Write the command that makes the page; labels are compared with a folder of one's own."""
    own = ["--cohort", str(cohort)] if cohort else []
    return shlex.join(["equipoise", "leaderboard", "--runs", str(runs), *own])


def _execute(
    planned: Sequence[PlannedRun],
    runs: Path,
    jobs: int,
    tracker: MlflowTracker | None,
    pages: PageWriter | None,
) -> Summary:
    """Do the missing runs; Ctrl-C ends the command with 130 and keeps what is finished."""
    from benchmark.running import driver

    try:
        return driver.run_matrix(planned, runs, jobs=jobs, tracker=tracker, pages=pages)
    except KeyboardInterrupt:
        tell(
            "Stopped. What is finished is kept: the same command goes on from here, and "
            f"`equipoise leaderboard --runs {runs}` shows what there is."
        )
        raise typer.Exit(130) from None
    finally:
        if pages:
            pages.close()


def _tell_summary(summary: Summary, closing: str) -> None:
    """Say what came of the matrix and what is next; with a failed run the command fails."""
    tell(
        f"Done before: {summary.done_before}. Done now: {summary.done_now}. "
        f"Failed: {len(summary.failed)}."
    )
    if summary.not_tracked:
        tell(f"{summary.not_tracked} could not be copied to MLflow; the same command tries again.")
    for record in summary.failed:
        tell(f"  {record.folder}/error.txt")
    tell(closing)
    if summary.failed:
        raise typer.Exit(1)
