"""What the columns, marks and verdicts of the ranking mean, where a tooltip does not reach."""

from __future__ import annotations

from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.chance import LEVEL
from benchmark.metrics.power import POWER
from leaderboard.tables.columns import COLUMNS
from leaderboard.words.row_marks import OTHER_SEEDS

OBVIOUS = ("place", "method", "minutes")  # columns that need no explanation
MORE_HELP = {  # what a tooltip has no room for
    "balanced_accuracy_gap": "Chance makes gaps too large, so the interval reaches below the value "
    "and may end at it."
}
TERMS = (
    (
        "Not significantly different",
        "The difference from ERM may be chance: its interval holds 0, and its p-value is "
        f"{LEVEL:g} or more. Both are adjusted for the number of methods: a board of equal "
        "methods calls one of them different in about 5 % of cases. Controls stand alone.",
    ),
    (
        "Verdict and tier",
        "The verdict compares a row with ERM only; tiers compare all pairs of methods. A row can "
        "be significantly better than ERM and still share its tier, because there are more pairs "
        "than methods. An uncertain row may have a better tier than one above it.",
    ),
    (
        "Simultaneous interval, p and q",
        "Shown when a row is opened. The interval of a gain over ERM and its p-value hold for all "
        "methods of the board together. The q-value is the share of false gains to expect among "
        "the rows with a q-value up to it. Comparisons that a method declared beforehand stand "
        "alone: they do not change with the number of other methods.",
    ),
    (
        "Better than ERM",
        "The summary only calls a method better if it also beats the rows that it declared to "
        "beat: synthesis has to beat copies of real patients, tuned generators the untuned ones.",
    ),
    (
        "Levelling down",
        "The gap between groups is smaller than ERM's, but mostly because the best-served group "
        "is now served worse. Measured on the runs that both rows have.",
    ),
    (
        "1 of 2 seeds",
        "Some runs of this row failed or were not made. Such a row gets neither a place nor a "
        "tier and stands below the complete rows, because its mean is over other patients and "
        "trainings.",
    ),
    (
        "Other seeds",
        f"{OTHER_SEEDS} The place, and the order by worst-group accuracy, follow “placed as”; the "
        "value above it is the row's own mean.",
    ),
    (
        "About N more seeds",
        f"With so many, a real gain of the size found is significant on {POWER:.0%} of boards, at "
        "the level of its comparison.",
    ),
    (
        "One seed",
        "One trained model does not show how much another training would differ. Rows that share "
        "only one seed get no verdict and no tier.",
    ),
    (
        "Share of the headroom",
        "How much of the way from ERM to the oracle (plain training on an unbiased cohort) a row "
        "has gone in worst-group accuracy. Shown when a row is opened.",
    ),
    ("Undefined", "The value cannot be computed, for example without any positive patient."),
    (
        "Controls",
        "Rows that are not ranked because they are not methods: the same training for longer, one "
        "answer for everybody, training on an unbiased cohort. They show what the other numbers "
        "are worth.",
    ),
)


def ranking_terms() -> list[tuple[str, str]]:
    """Return every term of the ranking with its explanation: columns, other metrics, marks."""
    columns = {
        column.key: (
            column.title,
            f"{column.help} {MORE_HELP.get(column.key, '')}".rstrip() + _version(column.key),
        )
        for column in COLUMNS
    }
    explained = [words for key, words in columns.items() if key not in OBVIOUS]
    metrics = [
        (metric.title, metric.meaning + _version(name))
        for name, metric in METRICS.items()
        if metric.in_details and name not in columns
    ]
    return [*explained, *metrics, *TERMS]


def _version(name: str) -> str:
    """Say the version of a metric that has changed since it was first shown."""
    version = METRICS[name].version if name in METRICS else 1
    return f" Version {version} of this metric." if version > 1 else ""
