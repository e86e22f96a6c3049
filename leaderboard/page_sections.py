"""From standings to what the templates print: words, tones and places, no numbers of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.metrics.catalogue import METRICS
from leaderboard.charts import plots
from leaderboard.rank.standings import HEADLINE, REFERENCE, Estimate, Standing
from leaderboard.read.boards import Board, first_line
from leaderboard.tables.columns import COLUMNS, Context, gain_words, headroom_words
from leaderboard.tables.generation import generation_table
from leaderboard.tables.group_mix import proportions_view
from leaderboard.tables.groups import group_blocks, group_metrics, heat_map
from leaderboard.tables.patients import (
    commonest_and_rarest,
    count_table,
    facts,
    picture_strip,
    terms,
)
from leaderboard.words.headline_summary import finding

PLANE_X = "balanced_accuracy"
KINDS = ("baseline", "method", "control")
FEWER = "Not every seed of this board finished for this row."
OTHER_PATIENTS = "Run on another version of the cohort than most rows, and so not ranked with them."


def board_view(board: Board, standings: Sequence[Standing], subtitle: str) -> dict[str, Any]:
    """Prepare one section of the page."""
    plain = next((s for s in standings if s.row.name == REFERENCE), None)
    context = Context(
        card=board.card,
        planned=len(board.seeds),
        common=max((len(s.row.seeds) for s in standings if s.complete), default=0),
        reference=plain.headline.value if plain else None,
    )
    rows = [_row_view(board, standing, context) for standing in standings]
    card = board.card
    return {
        "slug": board.slug,
        "title": card.title,
        "subtitle": subtitle,
        "version": card.version,
        "settings": [_variant_words(board.variant), board.preset["name"], board.source["name"]],
        "question": card.question,
        "story": _story(board),
        "finding": finding(standings),
        "caption": _caption(context),
        "notes": _notes(board),
        "kinds": [k for k in KINDS if any(s.row.method["kind"] == k for s in standings)],
        "columns": COLUMNS,
        "ranked": [row for row in rows if row["kind"] != "control"],
        "controls": [row for row in rows if row["kind"] == "control"],
        "plane": _plane(board, standings, rows),
        "heat": heat_map(card, standings, [_label(board, s) for s in standings]),
        "generation": generation_table(
            standings,
            [_label(board, s) for s in standings],
            # What resembles a training patient is never shown where patients are real.
            with_gallery=board.source["kind"] == "digital",
        ),
        "proportions": proportions_view(
            standings,
            [_label(board, s) for s in standings],
            with_gallery=board.source["kind"] == "digital",
        ),
        "group_columns": [(METRICS[m].title, METRICS[m].meaning) for m in group_metrics(card)],
        "terms": terms(card),
        "card": facts(board),
        "channels": ", ".join(card.channels) if len(card.channels) > 1 else "",
        "strip": picture_strip(card, board.cohort),
        "refused": board.cohort.refused,
        "counts": count_table(card, board.cohort),
    }


def _variant_words(variant: Mapping[str, Any]) -> str:
    return str(variant["name"]).replace("_", ", ").replace("-", " ")


def _story(board: Board) -> str:
    """Say in a sentence or two what makes this cohort unfair."""
    *others, last = [attribute.title.lower() for attribute in board.card.attributes]
    names = f"{', '.join(others)} or {last}" if others else last
    words = f"The answer should be as good whatever a person's {names}."
    extremes = commonest_and_rarest(board.card, board.cohort)
    if extremes is None:
        return words
    total, (commonest, most), (rarest, fewest) = extremes
    return (
        f"{words} But the {total:,} images to learn from are collected unevenly: {most} of "
        f"“{commonest}”, {fewest or 'none'} of “{rarest}”."
    )


def _caption(context: Context) -> str:
    seeds = f"Means over {context.common} seeds on test patients, with 95 % intervals."
    if context.common == 1:
        seeds = (
            "One seed, on test patients: no verdict and no tiers, and the 95 % intervals know "
            "nothing of the chance of training."
        )
    return (
        f"{seeds} Thresholds were chosen on validation patients. Open a row for its groups and "
        "where it comes from."
    )


def _notes(board: Board) -> list[str]:
    """Say what a reader must know before comparing rows."""
    notes = []
    for part in ("source", "classifier"):
        if len({json.dumps(r.config["preset"].get(part), sort_keys=True) for r in board.rows}) > 1:
            notes.append(
                f"Rows were run with different {part} settings of the preset "
                f"{board.preset['name']!r}; they are not fully comparable."
            )
    by_seed: dict[int, set[str]] = {}
    for row in board.rows:
        for run in row.done:
            seed, fingerprint = run.key
            by_seed.setdefault(seed, set()).add(fingerprint)
    if any(len(prints) > 1 for prints in by_seed.values()):
        notes.append(
            "Rows were run on different versions of the cohort; only rows on the same patients "
            "are compared with each other."
        )
    return notes + _made_differently(board)


def _made_differently(board: Board) -> list[str]:
    """Name what the runs of a board should share and do not."""
    configs = [run.config for row in board.rows for run in row.done]
    shared = {
        "versions of the engine": [c.get("engine") for c in configs],
        "versions of the task's code": [c["task"].get("source") for c in configs],
        "devices": [c.get("environment", {}).get("device") for c in configs],
        "precisions": [c.get("environment", {}).get("precision") for c in configs],
    }
    return [
        f"Runs were made with different {what} ({', '.join(sorted(found))}); small differences "
        "between rows may come from that."
        for what, values in shared.items()
        if len(found := {str(value) for value in values}) > 1
    ]


def _row_view(board: Board, standing: Standing, context: Context) -> dict[str, Any]:
    row = standing.row
    cells = [
        {"key": c.key, "label": c.title, "words": c.words, **vars(c.cell(standing, context))}
        for c in COLUMNS
    ]
    kind = row.method["kind"]
    return {
        "id": f"{board.slug}-row-{board.rows.index(row)}",
        "name": row.name,
        "suffix": _suffix(board, standing),
        "kind": kind if kind in KINDS else "method",
        "summary": row.method.get("summary", ""),
        "words": f"{row.name} {row.method.get('summary', '')} {kind}".lower(),
        "done": bool(row.done),
        "complete": standing.complete,
        "cells": cells,
        "marks": _marks(standing, context),
        "errors": _errors(standing),
        "notes": _row_notes(standing),
        "fields": sorted((name, _plain(v)) for name, v in row.method["fields"].items()),
        "provenance": _provenance(standing),
        "groups": group_blocks(board.card, standing) if row.done else [],
    }


def _suffix(board: Board, standing: Standing) -> str:
    """Tell rows of the same method apart by the fields in which they differ."""
    same = [row for row in board.rows if row.name == standing.row.name]
    if len(same) < 2:
        return ""
    fields = standing.row.method["fields"]
    differ = [
        n for n in sorted(fields) if len({_plain(r.method["fields"].get(n)) for r in same}) > 1
    ]
    return ", ".join(f"{name} = {_plain(fields[name])}" for name in differ)


def _label(board: Board, standing: Standing) -> str:
    """Name a row in a picture, where there is no second line for its fields."""
    suffix = _suffix(board, standing)
    return f"{standing.row.name} ({suffix})" if suffix else standing.row.name


def _plain(value: Any) -> str:
    return (value or "default") if isinstance(value, str) else json.dumps(value)


def _marks(standing: Standing, context: Context) -> list[dict[str, str]]:
    marks = []
    if not standing.row.done:
        marks.append({"text": "failed", "tone": "bad", "help": _errors(standing)[0]})
    elif len(standing.row.seeds) < context.planned:
        have = f"{len(standing.row.seeds)} of {context.planned} seeds"
        marks.append(
            {"text": have, "tone": "bad", "help": " ".join([*_missing_words(standing), FEWER])}
        )
        if standing.row.failed:
            failed = f"{len(standing.row.failed)} failed"
            marks.append({"text": failed, "tone": "bad", "help": " ".join(_errors(standing))})
    elif not standing.complete:
        marks.append({"text": "other patients", "tone": "bad", "help": OTHER_PATIENTS})
    if standing.levelling_down:
        marks.append(
            {
                "text": "levelling down",
                "tone": "bad",
                "help": "The gap is smaller than ERM's mostly because the best group is served "
                f"worse: {', '.join(standing.levelling_down)}.",
            }
        )
    return marks


def _errors(standing: Standing) -> list[str]:
    return [
        f"Seed {run.config['seed']} failed: {first_line(run.error)}" for run in standing.row.failed
    ]


def _missing_words(standing: Standing) -> list[str]:
    failed = {run.config["seed"] for run in standing.row.failed}
    return [f"Seed {seed} is missing." for seed in standing.missing if seed not in failed]


def _row_notes(standing: Standing) -> list[str]:
    notes = _missing_words(standing)
    notes += [gain_words(gain) for gain in standing.gains]
    if standing.headroom is not None:
        notes.append(headroom_words(standing.headroom))
    if standing.row.older:
        versions = "version" if standing.row.older == 1 else "versions"
        notes.append(
            f"{standing.row.older} older {versions} of this row, made by other code, left out."
        )
    return notes


def _provenance(standing: Standing) -> list[tuple[str, str]]:
    row = standing.row
    environment, method = row.config.get("environment", {}), row.method
    pairs = [
        ("came from", method.get("origin", "")),
        ("method's code", method.get("source", "")),
        ("seeds", ", ".join(map(str, row.seeds))),
        ("finished", _moment(row.finished)),
        ("steps", _distinct(run.facts.get("steps") for run in row.done)),
        ("threshold", ", ".join(_threshold(run.threshold) for run in row.done)),
        ("data", ", ".join(run.key[1][:12] for run in row.done)),
        ("row", str(row.config["row"])[:12]),
        *((name, _plain(value)) for name, value in environment.items()),
    ]
    return [(name, text) for name, text in pairs if text]


def _threshold(value: float | None) -> str:
    return "most probable class" if value is None else f"{value:.3f}"


def _distinct(values: Any) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values if value is not None))


def _moment(timestamp: str) -> str:
    return timestamp[:16].replace("T", " ")


def _plane(
    board: Board, standings: Sequence[Standing], rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    points = [
        plots.Point(_label(board, s), row["kind"], row["id"], _three(x), _three(y))
        for s, row in zip(standings, rows, strict=True)
        for x, y in [(s.overall(PLANE_X), s.headline)]
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


def _three(estimate: Estimate) -> tuple[float, float, float]:
    """Return value, low and high; a value without interval gets no whiskers."""
    value = estimate.value if estimate.value is not None else float("nan")
    low = value if estimate.low is None else estimate.low
    return value, low, value if estimate.high is None else estimate.high
