"""The columns of the ranking. A new column is one line in COLUMNS."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from markupsafe import Markup

from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.comparisons import Gain
from leaderboard.charts.plots import spark
from leaderboard.rank.means import Estimate
from leaderboard.rank.regret import REGRET, regret_cell
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE
from leaderboard.read.boards import REFERENCE
from leaderboard.read.error_words import first_line
from leaderboard.tables.context import Context
from leaderboard.words.cells import cell_words
from leaderboard.words.row_marks import lacking_words, placed_words
from leaderboard.words.verdicts import VERDICTS, gain_words, limits_words, percent_points

Order = Literal["ascending", "descending"]
HEADLINE_NOTE = "Mean over seeds of each seed's worst cell; 95 % interval over patients and seeds."
HEADLINE_NOTE_ONE_SEED = "Worst cell of one seed; 95 % interval over test patients only."


@dataclass(frozen=True)
class Cell:
    """What stands in one cell, and what it is sorted by (None: last, whatever the direction)."""

    text: str
    sub: str = ""
    sort: float | str | None = None
    note: str = ""
    tone: str = ""
    picture: Markup | None = None
    undefined: bool = False


@dataclass(frozen=True)
class Column:
    """One column: its title, what it means, which end comes first, and how a cell is made."""

    key: str
    title: str
    help: str
    first: Order
    cell: Callable[[Standing, Context], Cell]
    group: str  # the heading above it; columns of one group stand side by side
    words: bool = False  # words stand left, numbers right
    arrow: str = ""
    more: bool = False  # shown to those who ask for more columns; last in its group


def interval(low: float | None, high: float | None, metric: str) -> str:
    """Say an interval in the metric's own unit, which the value beside it names: "70.1–82.3"."""
    if low is None or high is None:
        return ""
    first, last = METRICS[metric].format(low), METRICS[metric].format(high)
    return f"{first.removesuffix('%')}–{last.removesuffix('%')}"


def estimate_cell(estimate: Estimate, metric: str) -> Cell:
    """Show a value over its interval; an undefined one is a word with its reason."""
    if estimate.value is None:
        return Cell("undefined", note=estimate.note, undefined=True)
    return Cell(
        METRICS[metric].format(estimate.value),
        sub=interval(estimate.low, estimate.high, metric),
        sort=estimate.value,
        note=estimate.note,
    )


def _missing(standing: Standing) -> Cell | None:
    """Make the cell of a row without results, or None where it has some."""
    return None if standing.row.done else Cell("–", note="No run of this row finished.")


def _place(standing: Standing, context: Context) -> Cell:
    if standing.is_control:
        return Cell("")
    text = "–" if standing.place is None else str(standing.place)
    low, high = standing.rank_low, standing.rank_high
    if low is None or high is None:
        return Cell(text, sort=standing.place)
    note = f"The comparisons of all pairs leave places {low} to {high} open."
    return Cell(text, sub=f"{low}–{high}", sort=standing.place, note=note)


def _headline(standing: Standing, context: Context) -> Cell:
    if not standing.row.done:
        why = first_line(standing.row.failed[0].error) if standing.row.failed else ""
        return Cell("failed", sub=why, undefined=True)
    estimate = standing.headline
    cell = estimate_cell(estimate, HEADLINE)
    if estimate.value is None:
        return cell
    words = [cell.sub, placed_words(standing), cell_words(standing)]
    return Cell(
        cell.text,
        sub="\n".join(word for word in words if word),
        sort=standing.placed_by,
        note=HEADLINE_NOTE if context.common > 1 else HEADLINE_NOTE_ONE_SEED,
        picture=spark(estimate.value, estimate.low, estimate.high, context.reference),
    )


def _tier(standing: Standing, context: Context) -> Cell:
    if standing.is_control:
        return Cell("–", note="Controls are not ranked.")
    if context.common < 2:
        return Cell("–", note="Tiers need at least two seeds.")
    if standing.tier is None:
        return Cell("–", note="Tiers need two methods; only rows with all seeds get one.")
    return Cell(str(standing.tier), sort=standing.tier, tone="pill")


def _metric(metric: str) -> Callable[[Standing, Context], Cell]:
    def cell(standing: Standing, context: Context) -> Cell:
        return _missing(standing) or estimate_cell(standing.overall(metric), metric)

    return cell


def _gain(standing: Standing, context: Context) -> Cell:
    if standing.row.name == REFERENCE:
        return Cell("–", sub="the reference")
    gain = standing.gain
    if gain is None:
        return _missing(standing) or Cell("–", sub="nothing to compare")
    return gain_cell(gain)


def gain_cell(gain: Gain) -> Cell:
    """Show a gain in percentage points over its interval and the verdict."""
    tones = {"better": "good", "worse": "bad"}
    limits = [] if math.isnan(gain.low) else [limits_words(gain)]
    return Cell(
        percent_points(gain.difference),
        sub="\n".join([*limits, VERDICTS[gain.verdict]]),
        sort=gain.difference,
        note=gain_words(gain, REFERENCE),
        tone=tones.get(gain.verdict, ""),
    )


def _groups_used(standing: Standing, context: Context) -> Cell:
    used = standing.row.method.groups_used
    extra = standing.row.method.extra_data
    sub = "" if extra == "none" else f"+ {extra.replace('_', ' ')}"
    return Cell(used, sub=sub, sort=["never", "train", "test"].index(used))


def minutes(standing: Standing) -> float | None:
    """Return the mean minutes of a finished run, loading and scoring included."""
    totals = [sum(run.facts.seconds.values()) for run in standing.row.done]
    return sum(totals) / len(totals) / 60 if totals else None


def _minutes(standing: Standing, context: Context) -> Cell:
    value = minutes(standing)
    return _missing(standing) or Cell("–" if value is None else f"{value:.1f}", sort=value)


def _seeds(standing: Standing, context: Context) -> Cell:
    n = len(standing.row.seeds)
    if n == standing.planned:
        return Cell(str(n), sort=n)
    tone = "bad" if standing.row.failed else ""
    return Cell(f"{n} of {standing.planned}", sort=n, note=lacking_words(standing), tone=tone)


def _regret(standing: Standing, context: Context) -> Cell:
    if missing := _missing(standing):
        return missing
    cell = estimate_cell(standing.overall(REGRET), REGRET)
    where = regret_cell(standing.row)
    return replace(cell, sub=f"{cell.sub}\n{where}") if where else cell


def metric_column(metric: str, group: str, title: str = "", *, more: bool = False) -> Column:
    """Make the column of an overall metric; title and meaning come from the metrics' table."""
    entry = METRICS[metric]
    first: Order = "ascending" if entry.better == "lower" else "descending"
    arrow = {"higher": "↑", "lower": "↓", "neither": ""}[entry.better]
    where = f" {entry.over.capitalize()} over the attributes." if entry.over else ""
    full = f"{entry.title}. " if title else ""
    meaning = f"{full}{entry.meaning}{where}"
    cell, title = _metric(metric), title or entry.title
    return Column(metric, title, meaning, first, cell, group, arrow=arrow, more=more)


def columns_of(context: Context) -> list[Column]:
    """Return the columns that a board can have values for.

    Without a ceiling there is no regret; real patients have no second population as recruited.
    """
    recruited = {name for name, metric in METRICS.items() if metric.patients == "recruited"}
    absent = set() if context.regret else {REGRET}
    absent |= set() if context.digital else recruited
    return [column for column in COLUMNS if column.key not in absent]


WORST, FAIRNESS, ALL, AS_RECRUITED, NEEDS = (
    "Worst group",
    "Fairness",
    "All patients",
    "As recruited",
    "What it takes",
)
COLUMNS = (
    Column(
        "place",
        "#",
        "Place by worst-group accuracy, and the places that chance leaves open (95 %, over all "
        "pairs of methods).",
        "ascending",
        _place,
        "",
    ),
    Column(
        "method",
        "Method",
        "Open a row for its scores per group, hyperparameters and provenance.",
        "ascending",
        lambda standing, context: Cell(standing.row.name, sort=standing.row.name),
        "",
        words=True,
    ),
    Column(
        HEADLINE,
        METRICS[HEADLINE].title,
        METRICS[HEADLINE].meaning + " The dashed line marks ERM.",
        "descending",
        _headline,
        WORST,
        words=True,
        arrow="↑",
    ),
    Column(
        "tier",
        "Tier",
        "Tier 1: no other method is significantly better (5 % level over all pairs). Tier 2: only "
        "methods of tier 1 are. An uncertain row may have a better tier than one above it.",
        "ascending",
        _tier,
        WORST,
    ),
    Column(
        "gain",
        "Gain over ERM",
        "Difference in worst-group accuracy from plain training (ERM), in percentage points.",
        "descending",
        _gain,
        WORST,
        arrow="↑",
    ),
    metric_column("worst_group_accuracy_own", WORST, "At own threshold", more=True),
    metric_column("worst_group_auroc", WORST, more=True),
    replace(metric_column(REGRET, WORST, "Regret", more=True), cell=_regret),
    metric_column("balanced_accuracy_gap", FAIRNESS, "Gap"),
    metric_column("equalized_odds_difference", FAIRNESS, "Eq. odds difference", more=True),
    metric_column("balanced_accuracy", ALL),
    metric_column("auroc", ALL),
    metric_column("expected_calibration_error", ALL),
    metric_column("recruited_accuracy", AS_RECRUITED, more=True),
    metric_column("recruited_auroc", AS_RECRUITED, more=True),
    metric_column("recruited_calibration_error", AS_RECRUITED, more=True),
    Column(
        "groups_used",
        "Groups used",
        "When the method sees the patients' attributes: never, in training, or also at test.",
        "ascending",
        _groups_used,
        NEEDS,
        words=True,
    ),
    Column("minutes", "Minutes", "Mean minutes of one run.", "ascending", _minutes, NEEDS),
    Column("seeds", "Seeds", "How many seeds finished.", "descending", _seeds, NEEDS),
)
