"""The page's numbers for other programs: leaderboard.csv and results.json."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.comparisons import Comparison
from benchmark.metrics.scoring import score_keys
from leaderboard.rank.means import Estimates
from leaderboard.rank.standings import Standing
from leaderboard.rank.verdicts import LONGER
from leaderboard.read.boards import REFERENCE, Board
from leaderboard.read.score_table import NOT_COUNTED
from leaderboard.tables.columns import COLUMNS, minutes
from leaderboard.tables.generation import generation_values, judge_of_board
from leaderboard.tables.group_mix import judge_of_mixes, mix_values
from leaderboard.words.verdicts import verdict_words

SCHEMA = 3  # of results.json
DIGITS = 7  # of a score; resampling moves the third

CSV_METRICS = tuple(column.key for column in COLUMNS if column.key in METRICS)


ESTIMATES = tuple(f"{m}{end}" for m in CSV_METRICS for end in ("", "_low", "_high"))
NAMES = (
    *("task", "task_version", "variant", "preset", "cohort", "place", "placed_by", "rank_low"),
    *("rank_high", "tier", "method", "kind", "groups_used", "extra_data", "fields", *ESTIMATES),
    *("gain_over_erm", "gain_low", "gain_high", "gain_p_value", "gain_q_value", "verdict"),
    *("levelling_down", "minutes"),
    *("seeds_done", "seeds_failed", "seeds_missing", "unchecked", "row"),
)


def as_csv(board: Board, standings: Sequence[Standing]) -> str:
    """Write one line per row of a board; undefined and missing values are empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_csv_row(board, standing) for standing in standings)
    return buffer.getvalue()


def joined(tables: Sequence[str]) -> str:
    """Put the lines of several boards under one head."""
    first, *others = tables
    return first + "".join(table.split("\n", 1)[1] for table in others)


def _csv_row(board: Board, standing: Standing) -> dict[str, Any]:
    row, gain = standing.row, standing.gain
    failed = [run.config.seed for run in row.failed]
    values: dict[str, Any] = {
        "task": board.card.name,
        "task_version": board.card.version,
        "variant": board.variant.name,
        "preset": board.preset.name,
        "cohort": board.facts.name,
        "place": standing.place,
        "placed_by": standing.placed_by,
        "rank_low": standing.rank_low,
        "rank_high": standing.rank_high,
        "tier": standing.tier,
        "method": row.name,
        "kind": row.method.kind,
        "groups_used": row.method.groups_used,
        "extra_data": row.method.extra_data,
        "fields": json.dumps(row.method.fields, sort_keys=True),
        "levelling_down": "; ".join(standing.levelling_down),
        "minutes": minutes(standing),
        "seeds_done": " ".join(map(str, row.seeds)),
        "seeds_failed": " ".join(map(str, failed)),
        "seeds_missing": " ".join(str(s) for s in standing.missing if s not in failed),
        "unchecked": row.unchecked,
        "row": row.config.row,
    }
    for metric in CSV_METRICS:
        estimate = standing.overall(metric)
        values[metric] = estimate.value
        values[f"{metric}_low"], values[f"{metric}_high"] = estimate.low, estimate.high
    if gain is not None:
        numbers = {
            f"gain_{name}": vars(gain)[name] for name in ("low", "high", "p_value", "q_value")
        }
        values |= {name: None if math.isnan(x) else x for name, x in numbers.items()}
        values |= {"gain_over_erm": gain.difference, "verdict": verdict_words(gain, REFERENCE)}
    return {name: _harmless(value) for name, value in values.items()}


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from running a stranger's words as a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def json_text(boards: Sequence[str], scores: str) -> str:
    """Write everything that the pages show, with every score of every row; one line per board.

    boards: from json_board. scores: says when the scores were computed.
    """
    metrics = {
        name: {"title": metric.title, "version": metric.version, "better": metric.better}
        for name, metric in METRICS.items()
    }
    values = {"schema": SCHEMA, "scores": scores, "metrics": metrics}
    head, lines = json.dumps(values, ensure_ascii=False), ",\n".join(boards)
    return f'{head[:-1]}, "boards": [\n{lines}\n]}}\n'


def json_board(board: Board, standings: Sequence[Standing]) -> str:
    """Write one board as JSON.

    Estimates are lists in the order of the board's score_keys, null where undefined.
    """
    return json.dumps(_json_board(board, standings), allow_nan=False, ensure_ascii=False)


def _json_board(board: Board, standings: Sequence[Standing]) -> dict[str, Any]:
    of_images, of_mixes = judge_of_board(standings), judge_of_mixes(standings)
    keys = score_keys(board.card)
    return {
        "card": board.card.as_dict(),
        "variant": board.variant.model_dump(),
        "preset": board.preset.model_dump(),
        "source": board.source.plain(),
        "cohort_facts": board.facts.as_dict(),
        "judges": {"generation": of_images, "group_mix": of_mixes},
        "score_keys": [vars(key) for key in keys],
        "rows": [
            {
                **_json_row(standing),
                "generation": generation_values(standing, of_images),
                "group_mix": mix_values(standing, of_mixes),
            }
            for standing in standings
        ],
    }


def _json_row(standing: Standing) -> dict[str, Any]:
    return {
        "row": standing.row.config.row,
        "method": standing.row.method.model_dump(),
        "place": standing.place,
        "placed_by": standing.placed_by,
        "tier": standing.tier,
        "complete": standing.complete,
        "headroom": standing.headroom,
        "seeds": {
            "done": list(standing.row.seeds),
            "failed": {run.config.seed: run.error for run in standing.row.failed},
            "missing": list(standing.missing),
        },
        "older": standing.row.older,
        "unchecked": standing.row.unchecked or None,
        "levelling_down": list(standing.levelling_down),
        "rank_interval": [standing.rank_low, standing.rank_high],
        "gain": _json_comparison(standing.gain, REFERENCE),
        "claims": [_json_comparison(claim, claim.against) for claim in standing.claims],
        "over_longer": _json_comparison(standing.over_longer, LONGER),
        "estimates": _json_estimates(standing.estimates) if standing.row.done else None,
        "environment": standing.row.config.environment,
    }


def _json_estimates(estimates: Estimates) -> dict[str, Any]:
    """Write estimates as lists; JSON has no NaN, so what is undefined is null."""
    numbers = estimates.numbers.round(DIGITS).T.tolist()
    counts = estimates.counts.T.tolist()
    lists = {
        name: [None if x != x else x for x in column]
        for name, column in zip(("value", "low", "high"), numbers, strict=True)
    }
    lists |= {
        name: [None if n == NOT_COUNTED else n for n in column]
        for name, column in zip(("n", "positives", "negatives"), counts, strict=True)
    }
    return {**lists, "notes": dict(estimates.notes)}


def _json_comparison(found: Comparison | None, over: str) -> dict[str, Any] | None:
    """JSON has no NaN: an undefined number is null."""
    if found is None:
        return None
    values = {"over": over, **vars(found), "verdict": verdict_words(found, over)}
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in values.items()
    }
