"""From standings to what the templates print: words, tones and places, no numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmark.metrics.catalogue import METRICS
from leaderboard.charts import plots
from leaderboard.rank.means import Estimate
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import HEADLINE
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.tables.columns import columns_of
from leaderboard.tables.context import Context, context_of
from leaderboard.tables.generation import generation_table
from leaderboard.tables.group_mix import mix_view
from leaderboard.tables.groups import detail_metrics
from leaderboard.tables.headings import headings
from leaderboard.tables.heat_map import heat_map
from leaderboard.tables.patients import (
    commonest_and_rarest,
    count_table,
    facts,
    picture_strip,
    settings,
    terms,
    without_pictures,
)
from leaderboard.tables.ranking_rows import KINDS, ranking_rows
from leaderboard.words.answer import place_of
from leaderboard.words.board_notes import board_notes
from leaderboard.words.headline_summary import headline_summary
from leaderboard.words.next_step import next_step
from leaderboard.words.row_marks import OTHER_SEEDS
from leaderboard.words.validity import validity

PLANE_X = "balanced_accuracy"


def board_view(
    board: Board, standings: Sequence[Standing], boards: Sequence[Board]
) -> dict[str, Any]:
    """Prepare the page of a board; boards: all of the site."""
    context = context_of(board, standings)
    labels = [standing.label for standing in standings]
    rows = ranking_rows(board, standings, context)
    card = board.card
    return {
        "slug": board.slug,
        "title": card.title,
        "version": card.version,
        "settings": settings(board),
        "question": card.question,
        "story": _story(board),
        "summary": headline_summary(standings, place_of(board)),
        "validity": validity(board, standings, boards),
        "next_step": next_step(board, standings),
        "caption": _caption(context),
        "notes": board_notes(board),
        "kinds": [k for k in KINDS if any(s.row.method.kind == k for s in standings)],
        "columns": columns_of(context),
        "headings": headings(columns_of(context)),
        "ranked": [row for row in rows if row["kind"] != "control"],
        "controls": [row for row in rows if row["kind"] == "control"],
        "plane": _plane(standings, rows, labels),
        "heat": heat_map(card, standings, labels),
        "generation": generation_table(
            standings,
            labels,
            # What resembles a training patient is never shown where patients are real.
            with_gallery=board.facts.digital,
        ),
        "group_mix": mix_view(
            standings,
            labels,
            with_gallery=board.facts.digital,
        ),
        "group_columns": _titles(detail_metrics(card, "group")),
        "gap_columns": _titles(detail_metrics(card, "attribute")),
        "terms": terms(card, board.facts),
        "card": facts(board),
        "channels": ", ".join(card.channels) if len(card.channels) > 1 else "",
        "strip": picture_strip(card, board.cohort),
        "without_pictures": without_pictures(board.facts),
        "refused": board.cohort.refused,
        "cohort_unreadable": board.cohort.unreadable,
        "counts": count_table(card, board.cohort, board.facts),
    }


def _titles(metrics: Sequence[str]) -> list[tuple[str, str]]:
    return [(METRICS[name].title, METRICS[name].meaning) for name in metrics]


def _story(board: Board) -> str:
    """Say in a sentence or two what makes this cohort unfair."""
    *others, last = [attribute.title.lower() for attribute in board.card.attributes]
    names = f"{', '.join(others)} or {last}" if others else last
    words = f"The answer should be equally good for every patient, regardless of {names}."
    extremes = commonest_and_rarest(board.card, board.cohort)
    if extremes is None:
        return words
    total, (commonest, most), (rarest, fewest) = extremes
    return (
        f"{words} But the {total:,} training images are collected unevenly: {most} show "
        f"“{commonest}”, {fewest or 'none'} “{rarest}”."
    )


def _caption(context: Context) -> str:
    seeds = (
        f"Means over {_how_many(context)} seeds, with 95 % intervals over test "
        "patients and seeds; those of gains hold for all methods together."
    )
    if len(context.seeds) > 1:
        seeds += f" {OTHER_SEEDS}"
    if context.common == 1:
        seeds = (
            "One seed, on test patients: no verdicts and no tiers; the 95 % intervals do not cover "
            "the variation between trainings."
        )
    return (
        f"{seeds} Thresholds were chosen on validation patients. Open a row to see its scores per "
        "group and how it was made."
    )


def _how_many(context: Context) -> str:
    """Say over how many seeds the rows' means are: "5", "3 or 5", "2 to 4" where runs lack."""
    whole = context.seeds or (context.common,)
    if (context.fewest, context.most) == (whole[0], whole[-1]):
        return " or ".join(map(str, whole))
    return f"{context.fewest} to {context.most}"


def _plane(
    standings: Sequence[Standing], rows: Sequence[Mapping[str, Any]], labels: Sequence[str]
) -> dict[str, Any] | None:
    points = [
        plots.Point(label, row["kind"], row["id"], _three(x), _three(y))
        for s, row, label in zip(standings, rows, labels, strict=True)
        for x, y in [(s.overall(PLANE_X), _as_placed(s))]
        if x.value is not None and y.value is not None
    ]
    if not points:
        return None
    plain = next((row["id"] for row in rows if row["name"] == REFERENCE), "")
    near, far = plots.split_far(points, plain)
    titles = f"{METRICS[PLANE_X].title}, everybody", METRICS[HEADLINE].title
    wide, narrow = (
        plots.plane(near, plain, titles, size, css)
        for size, css in (((980, 560), "wide"), ((360, 430), "narrow"))
    )
    outside = [f"{p.name} ({p.x[0]:.1%} across, {p.y[0]:.1%} up)" for p in far]
    return {"wide": wide, "narrow": narrow, "outside": outside}


def _as_placed(standing: Standing) -> Estimate:
    """Return the headline and its interval, moved to the value by which the row is placed."""
    own = standing.headline
    if own.value is None or standing.placed_by is None:
        return own
    moved = standing.placed_by - own.value
    low, high = (None if end is None else end + moved for end in (own.low, own.high))
    return replace(own, value=standing.placed_by, low=low, high=high)


def _three(estimate: Estimate) -> tuple[float, float, float]:
    """Return value, low and high; a value without interval gets no whiskers."""
    value = estimate.value if estimate.value is not None else float("nan")
    low = value if estimate.low is None else estimate.low
    return value, low, value if estimate.high is None else estimate.high
