"""The columns of the ranking. A new column is one line in COLUMNS."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from benchmark.api.card import TaskCard
from benchmark.metrics.catalogue import METRICS
from leaderboard.charts.plots import spark
from leaderboard.rank.standings import HEADLINE, REFERENCE, Estimate, Gain, Standing
from leaderboard.read.boards import first_line

Order = Literal["ascending", "descending"]
MINUS = "−"
HEADLINE_NOTE = "Mean over seeds, 95 % interval over patients and seeds; then the worst cell."
HEADLINE_NOTE_ONE_SEED = "One seed, 95 % interval over its patients only; then the worst cell."


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
class Context:
    """What a cell may need besides its row."""

    card: TaskCard
    planned: int  # seeds that any row of the board was asked for
    common: int  # seeds of the rows that have most: with one there is neither tier nor verdict
    reference: float | None  # ERM's headline


@dataclass(frozen=True)
class Column:
    """One column: its title, what it means, which end comes first, and how a cell is made."""

    key: str
    title: str
    help: str
    first: Order
    cell: Callable[[Standing, Context], Cell]
    words: bool = False  # words stand left, numbers right
    arrow: str = ""


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


def percent_points(value: float) -> str:
    """Say a difference of two shares with its sign: "+4.2"."""
    rounded = f"{abs(100 * value):.1f}"
    sign = "" if rounded == "0.0" else "+" if value > 0 else MINUS
    return sign + rounded


def cell_words(standing: Standing) -> str:
    """Name the cell where a row does worst: "heart failure, female"."""
    if standing.worst_cell is None:
        return ""
    _, _, group, label = standing.worst_cell
    return f"{label}, {group}"


def _missing(standing: Standing) -> Cell | None:
    """Make the cell of a row without results, or None where it has some."""
    if standing.row.done:
        return None
    return Cell("–", note="No run of this row finished.")


def _place(standing: Standing, context: Context) -> Cell:
    if standing.is_control:
        return Cell("")
    text = "–" if standing.place is None else str(standing.place)
    return Cell(text, sort=standing.place)


def _headline(standing: Standing, context: Context) -> Cell:
    if not standing.row.done:
        why = first_line(standing.row.failed[0].error) if standing.row.failed else ""
        return Cell("failed", sub=why, undefined=True)
    estimate = standing.headline
    cell = estimate_cell(estimate, HEADLINE)
    if estimate.value is None:
        return cell
    words = [cell.sub, f"worst: {cell_words(standing)}"]
    return Cell(
        cell.text,
        sub="\n".join(word for word in words if word),
        sort=estimate.value,
        note=HEADLINE_NOTE if context.common > 1 else HEADLINE_NOTE_ONE_SEED,
        picture=spark(estimate.value, estimate.low, estimate.high, context.reference),
    )


def _tier(standing: Standing, context: Context) -> Cell:
    if standing.is_control:
        return Cell("–", note="Yardsticks are not ranked.")
    if context.common < 2:
        return Cell("–", note="One seed: no tier.")
    if standing.tier is None:
        return Cell("–", note="A row takes part in the tiers when all its seeds are there.")
    return Cell(str(standing.tier), sort=standing.tier, tone="pill")


def _metric(metric: str) -> Callable[[Standing, Context], Cell]:
    def cell(standing: Standing, context: Context) -> Cell:
        return _missing(standing) or estimate_cell(standing.overall(metric), metric)

    return cell


def _gain(standing: Standing, context: Context) -> Cell:
    if standing.row.name == REFERENCE:
        return Cell("–", sub="the reference")
    gain = next((gain for gain in standing.gains if gain.over == REFERENCE), None)
    if gain is None:
        return _missing(standing) or Cell("–", sub="nothing to compare")
    return gain_cell(gain)


def gain_cell(gain: Gain) -> Cell:
    """Show a gain in percentage points over its interval and the verdict in words."""
    tones = {"better": "good", "worse": "bad"}
    limits = ""
    if not math.isnan(gain.low):
        limits = f"{percent_points(gain.low)} to {percent_points(gain.high)}\n"
    return Cell(
        percent_points(gain.difference),
        sub=limits + gain.verdict,
        sort=gain.difference,
        note=gain_words(gain),
        tone=tones.get(gain.verdict.split()[0], ""),
    )


def gain_words(gain: Gain) -> str:
    """Say a gain with everything it rests on."""
    words = f"{percent_points(gain.difference)} percentage points over {gain.over_words}"
    if math.isnan(gain.low):
        return f"{words}; too many resamples are undefined for an interval."
    words += f", 95 % interval {percent_points(gain.low)} to {percent_points(gain.high)}"
    if math.isnan(gain.p_value):
        return f"{words} over test patients only; {gain.verdict}."
    return (
        f"{words}, p = {gain.p_value:.3f} after Holm's adjustment, "
        f"seeds in common: {gain.seeds}; {gain.verdict}."
    )


def headroom_words(share: float) -> str:
    """Say how much of what there is to be gained a row has gained."""
    rounded = f"{abs(100 * share):.0f}"
    sign = MINUS if share < 0 and rounded != "0" else ""
    return (
        f"{sign}{rounded} % of the head-room, the way from ERM to the oracle in "
        f"{METRICS[HEADLINE].title.lower()}; no test is made of it."
    )


def _groups_used(standing: Standing, context: Context) -> Cell:
    used = standing.row.method["groups_used"]
    extra = standing.row.method.get("extra_data", "none")
    sub = "" if extra == "none" else f"+ {extra.replace('_', ' ')}"
    return Cell(used, sub=sub, sort=["never", "train", "test"].index(used))


def minutes(standing: Standing) -> float | None:
    """Return the mean minutes of a finished run, loading and scoring included."""
    totals = [sum(run.facts["seconds"].values()) for run in standing.row.done]
    return sum(totals) / len(totals) / 60 if totals else None


def _minutes(standing: Standing, context: Context) -> Cell:
    value = minutes(standing)
    return _missing(standing) or Cell("–" if value is None else f"{value:.1f}", sort=value)


def _seeds(standing: Standing, context: Context) -> Cell:
    n = len(standing.row.seeds)
    if n == context.planned:
        return Cell(str(n), sort=n)
    failed = {run.config["seed"] for run in standing.row.failed}
    why = [f"seed {s} {'failed' if s in failed else 'is missing'}" for s in standing.missing]
    return Cell(f"{n} of {context.planned}", sort=n, note="; ".join(why), tone="bad")


def metric_column(metric: str, title: str = "") -> Column:
    """Make the column of an overall metric; title and meaning come from the metrics' table."""
    entry = METRICS[metric]
    first: Order = "ascending" if entry.better == "lower" else "descending"
    arrow = {"higher": "↑", "lower": "↓", "neither": ""}[entry.better]
    where = "" if "gap" not in metric and "odds" not in metric else " Largest over the attributes."
    full = f"{entry.title}. " if title else ""
    meaning = f"{full}{entry.meaning}{where}"
    return Column(metric, title or entry.title, meaning, first, _metric(metric), arrow=arrow)


COLUMNS = (
    Column("place", "#", "Place by worst-group accuracy.", "ascending", _place),
    Column(
        "method",
        "Method",
        "Opens to scores per group, hyperparameters and provenance.",
        "ascending",
        lambda standing, context: Cell(standing.row.name, sort=standing.row.name),
        words=True,
    ),
    Column(
        HEADLINE,
        METRICS[HEADLINE].title,
        METRICS[HEADLINE].meaning + " The dashed tick is ERM.",
        "descending",
        _headline,
        words=True,
        arrow="↑",
    ),
    Column(
        "tier",
        "Tier",
        "A tier reaches down to the last row that cannot be told from its best, at 5 % after "
        "Holm's adjustment; so rows of one tier carry no claim of difference.",
        "ascending",
        _tier,
    ),
    Column(
        "gain",
        "Gain over ERM",
        "Difference in worst-group accuracy from plain training, in percentage points.",
        "descending",
        _gain,
        arrow="↑",
    ),
    metric_column("auroc"),
    metric_column("balanced_accuracy"),
    metric_column("balanced_accuracy_gap", "Gap"),
    metric_column("equalized_odds_difference", "Eq. odds difference"),
    metric_column("expected_calibration_error"),
    Column(
        "groups_used",
        "Groups used",
        "When the method sees patients' attributes: never, in training, or also at test.",
        "ascending",
        _groups_used,
        words=True,
    ),
    Column("minutes", "Minutes", "Mean minutes of one run.", "ascending", _minutes),
    Column("seeds", "Seeds", "How many seeds finished.", "descending", _seeds),
)
