"""The marks beside a row's name: what keeps it from being compared like the others."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.metrics.catalogue import METRICS
from benchmark.support.words import seed_words
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE
from leaderboard.read.error_words import first_line

OTHER_PATIENTS = (
    "Run on other seeds or on another version of the cohort than most rows, so it is not ranked."
)
NOT_CHECKED = (
    "Nobody knows whether its labels and attributes are those of the cohort, so it gets no place, "
    "tier or verdict:"
)
OWN_LOOP = (
    "Trained by a loop of its own, not by the standard loop, so its schedule and its selection of "
    "weights may differ from those of other rows."
)
OTHER_SEEDS = (
    "Some seeds are easier than others, so a row with other seeds than ERM is placed by ERM's mean "
    "plus its gain on the seeds that both have."
)
MADE_DIFFERENTLY = (
    "Made with other code, packages or another device than the row that it is compared with, so a "
    "small difference may come from that:"
)


@dataclass(frozen=True)
class Mark:
    """A few words beside a name, and what they mean."""

    text: str
    help: str
    tone: str = "bad"  # or "": no defect


def row_marks(standing: Standing, planned: int) -> list[Mark]:
    """Return the marks of a row; planned: how many seeds it was to have."""
    return [
        *_unfinished(standing, planned),
        *_other_seeds(standing),
        *_made_differently(standing),
        *_levelling_down(standing),
        *_own_loop(standing),
    ]


def placed_words(standing: Standing) -> str:
    """Say by what value a row with other seeds than ERM is placed; empty for all others."""
    if standing.placed_by is None or not standing.has_other_seeds:
        return ""
    return f"placed as {METRICS[HEADLINE].format(standing.placed_by)}"


def error_words(standing: Standing) -> list[str]:
    """Return a sentence for each failed seed."""
    return [
        f"Seed {run.config.seed} failed: {first_line(run.error)}" for run in standing.row.failed
    ]


def lacking_words(standing: Standing) -> str:
    """Say which seeds a row lacks, and why: "seed 101 failed; seeds 102, 103 not run"."""
    failed = [run.config.seed for run in standing.row.failed]
    words = [f"{seed_words(failed)} failed"] if failed else []
    words += [f"{seed_words(standing.not_run)} not run"] if standing.not_run else []
    return "; ".join(words)


def not_run_words(standing: Standing) -> list[str]:
    """Say with which seeds of other rows this one was not run; empty where there are none."""
    seeds = standing.not_run
    if not seeds:
        return []
    what = "setting" if standing.settings else "method"
    words = f"{seed_words(seeds)} {'was' if len(seeds) == 1 else 'were'} not run for this {what}."
    return [words.capitalize()]


def _unfinished(standing: Standing, planned: int) -> list[Mark]:
    row = standing.row
    if row.unchecked:
        return [Mark("not checked", f"{NOT_CHECKED} {row.unchecked}.")]
    if not row.done:
        return [Mark("failed", error_words(standing)[0])]
    if len(row.seeds) < planned:
        failed = error_words(standing)
        why = " ".join([*failed, *not_run_words(standing)])
        marks = [Mark(f"{len(row.seeds)} of {planned} seeds", why, "bad" if failed else "")]
        if row.failed:
            marks.append(Mark(f"{len(row.failed)} failed", " ".join(failed)))
        return marks
    return [] if standing.complete else [Mark("other patients", OTHER_PATIENTS)]


def _other_seeds(standing: Standing) -> list[Mark]:
    """Mark a row whose own mean is over other seeds than ERM's, so that its place is not by it."""
    if not standing.has_other_seeds:
        return []
    seeds = ", ".join(map(str, standing.row.seeds))
    return [Mark("other seeds", f"{OTHER_SEEDS} Seeds of this row: {seeds}.", tone="")]


def _made_differently(standing: Standing) -> list[Mark]:
    differs = standing.row.differs
    if not differs:
        return []
    return [Mark("made differently", f"{MADE_DIFFERENTLY} {'; '.join(differs)}.")]


def _levelling_down(standing: Standing) -> list[Mark]:
    if not standing.levelling_down:
        return []
    why = "The gap is smaller than ERM's mostly because the best group is served worse. Attributes:"
    return [Mark("levelling down", f"{why} {', '.join(standing.levelling_down)}.")]


def _own_loop(standing: Standing) -> list[Mark]:
    """Mark rows that the standard loop did not train; what trains nothing needs no mark."""
    facts = [run.facts for run in standing.row.done]
    if any(one.steps is None for one in facts):
        return [Mark("own loop, steps not reported", OWN_LOOP)]
    if any(one.steps and not one.standard_loop for one in facts):
        return [Mark("own loop", OWN_LOOP, tone="")]
    return []
