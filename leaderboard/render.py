"""Build the page: one self-contained HTML file, and the same numbers as CSV and JSON beside it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from benchmark.metrics.catalogue import METRICS
from leaderboard.collect import Board, collect
from leaderboard.columns import COLUMNS, minutes
from leaderboard.rank import REFERENCE, SIGNIFICANT, Standing, rank
from leaderboard.view import board_view

SCHEMA = 1
Ranked = Sequence[tuple[Board, Sequence[Standing]]]
CSV_METRICS = tuple(column.key for column in COLUMNS if column.key in METRICS)
MEANINGS = {
    "quick": "Small networks and small images, minutes on two CPU cores: good for trying a method "
    "out and seeing whom it fails, too small to settle which method is best.",
    "standard": "A ResNet and larger cohorts, hours on one consumer GPU: meant for comparing "
    "methods on these cohorts.",
    "paper": "The source papers' own sizes.",
}
DIGITAL = (
    "Digital cohorts are generated: their bias is known exactly, but a ranking on them says how "
    "methods handle that bias, not how they would do in a hospital."
)


def build(runs: Path, out: Path) -> Path:
    """Read all run folders below runs; write index.html, leaderboard.csv and results.json to out.

    Returns the path of index.html. The same runs give the same bytes. Each file appears whole or
    not at all. Raises ValueError if no run is finished.
    """
    ranked = [(board, rank(board)) for board in collect(runs)]
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "leaderboard.csv", as_csv(ranked))
    _write(out / "results.json", json.dumps(as_json(ranked), indent=1, allow_nan=False) + "\n")
    index = out / "index.html"
    _write(index, page(ranked))
    return index


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8", newline="")
    os.replace(partial, path)


def page(ranked: Ranked) -> str:
    """Render the whole page as one string."""
    environment = Environment(
        loader=PackageLoader("leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    script = _static("page.js")
    boards = [
        {
            **board_view(board, standings, _subtitle(board, [b for b, _ in ranked])),
            "csv": _data_address(as_csv([(board, standings)])),
            "absent": _absent(board, [b for b, _ in ranked]),
        }
        for board, standings in ranked
    ]
    return environment.get_template("page.html").render(
        boards=boards,
        facts=_facts(ranked),
        presets=_presets(ranked),
        glossary=_glossary(),
        style=Markup(_static("page.css")),
        script=Markup(script),
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def breakable(name: str) -> Markup:
    """Escape a name and let a line end after each underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _static(name: str) -> str:
    return resources.files("leaderboard").joinpath("static", name).read_text(encoding="utf-8")


def _data_address(text: str) -> str:
    return "data:text/csv;charset=utf-8," + quote(text)


def _subtitle(board: Board, boards: Sequence[Board]) -> str:
    """Say how a board differs from the others of the same task."""
    siblings = [b for b in boards if b.card.name == board.card.name]
    words = [
        (f"version {board.card.version}", {b.card.version for b in siblings}),
        (str(board.variant["name"]).replace("_", ", "), {b.variant["name"] for b in siblings}),
        (board.preset["name"], {b.preset["name"] for b in siblings}),
        (board.source["name"], {json.dumps(b.source, sort_keys=True) for b in siblings}),
    ]
    return ", ".join(word for word, kinds in words if len(kinds) > 1)


def _absent(board: Board, boards: Sequence[Board]) -> list[str]:
    """List methods that other boards of the same preset have and this one lacks."""
    names = {r.name for b in boards if b.preset["name"] == board.preset["name"] for r in b.rows}
    return sorted(names - {row.name for row in board.rows})


def _facts(ranked: Ranked) -> list[tuple[str, str]]:
    """Say how much is on the page, and when and with what it was made."""
    standings = [standing for _, of_board in ranked for standing in of_board]
    done = [run for standing in standings for run in standing.row.done]
    failed = sum(len(standing.row.failed) for standing in standings)
    missing = sum(len(standing.missing) for standing in standings) - failed
    runs = f"{len(done)} finished, {failed} failed, {missing} missing"
    finished = sorted(standing.row.finished for standing in standings if standing.row.done)
    environments = [run.config.get("environment", {}) for run in done]
    return [
        ("Tasks", str(len({board.card.name for board, _ in ranked}))),
        ("Methods", str(len({standing.row.name for standing in standings}))),
        ("Runs", runs),
        ("Last run", finished[-1][:10]),
        ("Code", _commonest(environments, "commit")),
        ("Made with", f"torch {_commonest(environments, 'torch')}"),
        ("On", _commonest(environments, "device")),
    ]


def _commonest(environments: Sequence[dict[str, Any]], name: str) -> str:
    """Return the value most runs have, and say that there are others."""
    values = Counter(str(environment.get(name, "unknown")) for environment in environments)
    (value, _), *others = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return f"{value} and {len(others)} other(s)" if others else value


def _presets(ranked: Ranked) -> list[dict[str, str]]:
    """Say what the results are good for, once per preset."""
    found = {board.preset["name"]: board.preset for board, _ in ranked}
    digital = any(board.source["kind"] == "digital" for board, _ in ranked)
    return [
        {
            "name": name,
            "meaning": " ".join(
                [
                    MEANINGS.get(name, found[name].get("description", "")),
                    *([DIGITAL] if digital else []),
                ]
            ),
        }
        for name in sorted(found)
    ]


def _glossary() -> list[tuple[str, str]]:
    """Explain the columns and marks in full, where a tooltip does not reach."""
    columns = [(c.title, c.help) for c in COLUMNS if c.key not in ("place", "method", "minutes")]
    return [
        *columns,
        (
            "No evidence of better",
            f"The difference from ERM could be chance: its p-value is above {SIGNIFICANT:g} after "
            "Holm's adjustment for the number of rows compared.",
        ),
        (
            "Levelling down",
            "The gap between groups is smaller than ERM's, but mostly because the group served "
            "best is now served worse.",
        ),
        ("Undefined", "The value cannot be computed, for example without any positive patient."),
        (
            "Yardsticks",
            "Rows that are no methods: the same training for longer, one answer for everybody, an "
            "unbiased cohort. They say what the other numbers are worth.",
        ),
    ]


def as_csv(ranked: Ranked) -> str:
    """Write one line per row of every board; undefined and missing values are empty."""
    estimates = [f"{m}{end}" for m in CSV_METRICS for end in ("", "_low", "_high")]
    names = ["task", "task_version", "variant", "preset", "cohort", "place", "tier", "method"]
    names += ["kind", "groups_used", "extra_data", "fields", *estimates, "gain_over_erm"]
    names += ["gain_low", "gain_high", "gain_p_value", "verdict", "levelling_down", "minutes"]
    names += ["seeds_done", "seeds_failed", "seeds_missing", "row"]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for board, standings in ranked:
        writer.writerows(_csv_row(board, standing) for standing in standings)
    return buffer.getvalue()


def _csv_row(board: Board, standing: Standing) -> dict[str, Any]:
    row, gain = standing.row, next((g for g in standing.gains if g.over == REFERENCE), None)
    failed = [run.config["seed"] for run in row.failed]
    values: dict[str, Any] = {
        "task": board.card.name,
        "task_version": board.card.version,
        "variant": board.variant["name"],
        "preset": board.preset["name"],
        "cohort": board.source["name"],
        "place": standing.place,
        "tier": standing.tier,
        "method": row.name,
        "kind": row.method["kind"],
        "groups_used": row.method["groups_used"],
        "extra_data": row.method.get("extra_data"),
        "fields": json.dumps(row.method["fields"], sort_keys=True),
        "levelling_down": "; ".join(standing.levelling_down),
        "minutes": minutes(standing),
        "seeds_done": " ".join(map(str, row.seeds)),
        "seeds_failed": " ".join(map(str, failed)),
        "seeds_missing": " ".join(str(s) for s in standing.missing if s not in failed),
        "row": row.config["row"],
    }
    for metric in CSV_METRICS:
        estimate = standing.overall(metric)
        values[metric] = estimate.value
        values[f"{metric}_low"], values[f"{metric}_high"] = estimate.low, estimate.high
    if gain is not None:
        values |= {"gain_over_erm": gain.difference, "gain_low": gain.low, "gain_high": gain.high}
        values |= {"gain_p_value": gain.p_value, "verdict": gain.verdict}
    return {name: _harmless(value) for name, value in values.items()}


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from running a stranger's words as a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def as_json(ranked: Ranked) -> dict[str, Any]:
    """Return everything the page shows as plain values, with every score of every row."""
    return {
        "schema": SCHEMA,
        "boards": [
            {
                "card": board.card.as_dict(),
                "variant": board.variant,
                "preset": board.preset,
                "source": board.source,
                "rows": [_json_row(standing) for standing in standings],
            }
            for board, standings in ranked
        ],
    }


def _json_row(standing: Standing) -> dict[str, Any]:
    names = ("metric", "attribute", "group", "label")
    return {
        "row": standing.row.config["row"],
        "method": standing.row.method,
        "place": standing.place,
        "tier": standing.tier,
        "seeds": {
            "done": list(standing.row.seeds),
            "failed": {run.config["seed"]: run.error for run in standing.row.failed},
            "missing": list(standing.missing),
        },
        "older": standing.row.older,
        "levelling_down": list(standing.levelling_down),
        "gains": [{**vars(gain), "verdict": gain.verdict} for gain in standing.gains],
        "estimates": [
            {**dict(zip(names, key, strict=True)), **vars(estimate)}
            for key, estimate in standing.estimates.items()
        ],
        "environment": standing.row.config.get("environment", {}),
    }
