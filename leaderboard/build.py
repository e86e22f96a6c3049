"""Build the page: one self-contained HTML file, and the same numbers as CSV and JSON beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from benchmark.support.files import write_text
from leaderboard.export import Ranked, as_csv, as_json
from leaderboard.page_sections import board_view
from leaderboard.rank.standings import rank
from leaderboard.read.boards import Board, collect
from leaderboard.read.index import read_index
from leaderboard.tables.ranking_rows import code_stamp
from leaderboard.words.glossary import ranking_terms
from leaderboard.words.mix_glossary import GENERATION_TERMS, MIX_TERMS

Terms = tuple[str, str]  # a term and its explanation

DIGITAL = (
    "Digital cohorts are generated: their bias is known exactly, but a ranking on them says how "
    "methods handle that bias, not how they would do in a hospital."
)

STORED = (
    "Scores were computed from saved predictions when each run ended, and again where code, "
    "predictions or draws have changed since. To check a stranger's runs, build the page with "
    "--rescore."
)
RESCORED = "All scores were computed again from saved predictions for this page."
MOST_UNREADABLE = 20  # run folders that are named on the page; more are counted


def build(runs: Path, out: Path, *, rescore: bool = False) -> Path:
    """Read all run folders below runs; write index.html, leaderboard.csv and results.json to out.

    rescore: believe no score that a run folder holds; compute them from its predictions, in memory.
    Returns the path of index.html. The same runs give the same bytes. Each file appears whole or
    not at all. Raises ValueError if no run is finished.
    """
    index = None if rescore else read_index(runs)
    collected = collect(runs, index=index, rescore=rescore)
    if index is not None:
        index.write()
    ranked = [(board, rank(board)) for board in collected.boards]
    scores = RESCORED if rescore else STORED
    texts = {  # all before the first is written: the three agree, whatever fails
        "leaderboard.csv": as_csv(ranked),
        "results.json": json.dumps(as_json(ranked, scores), indent=1, allow_nan=False) + "\n",
        "index.html": page(ranked, scores, collected.unreadable, collected.without_generation),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text(out / name, text)
    return out / "index.html"


def page(
    ranked: Ranked, scores: str, unreadable: Sequence[str], without_generation: Sequence[str]
) -> str:
    """Render the whole page as one string.

    scores: a sentence or two that say when the scores were computed.
    unreadable: why run folders could not be read; they are not on the page.
    without_generation: why the judge's numbers of other runs could not be read.
    """
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
        scores=scores,
        unreadable=unreadable[:MOST_UNREADABLE],
        unreadable_count=len(unreadable),
        without_generation=without_generation[:MOST_UNREADABLE],
        without_generation_count=len(without_generation),
        presets=_presets(ranked),
        glossary=_glossary(boards),
        style=Markup(_static("page.css")),
        script=Markup(script),
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _glossary(boards: Sequence[Mapping[str, Any]]) -> list[tuple[str, Sequence[Terms]]]:
    """Return the terms of every table that is on the page, under its heading."""
    sections: list[tuple[str, Sequence[Terms]]] = [("Ranking", ranking_terms())]
    if any(board["generation"] for board in boards):
        sections.append(("What the generators draw", GENERATION_TERMS))
    if any(board["group_mix"] for board in boards):
        sections.append(("Which groups the generators draw", MIX_TERMS))
    return sections


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
    words: list[tuple[str, set[Any]]] = [
        (f"version {board.card.version}", {b.card.version for b in siblings}),
        (str(board.variant.name).replace("_", ", "), {b.variant.name for b in siblings}),
        (board.preset.name, {b.preset.name for b in siblings}),
        (board.facts.name, {json.dumps(b.source.plain(), sort_keys=True) for b in siblings}),
    ]
    told = [word for word, kinds in words if len(kinds) > 1]
    told += ["development seeds"] * board.development
    return ", ".join([*told, *[f"card {board.card_digest}"] * board.disputed, *board.distinct])


def _absent(board: Board, boards: Sequence[Board]) -> list[str]:
    """List methods that other boards of the same preset have and this one lacks."""
    names = {r.name for b in boards if b.preset.name == board.preset.name for r in b.rows}
    return sorted(names - {row.name for row in board.rows})


def _facts(ranked: Ranked) -> list[tuple[str, str]]:
    """Say how much is on the page, and when and with what it was made."""
    standings = [standing for _, of_board in ranked for standing in of_board]
    done = [run for standing in standings for run in standing.row.done]
    failed = sum(len(standing.row.failed) for standing in standings)
    missing = sum(len(standing.missing) for standing in standings) - failed
    runs = f"{len(done)} finished, {failed} failed, {missing} missing"
    finished = sorted(standing.row.finished for standing in standings if standing.row.done)
    environments = [run.config.environment for run in done]
    return [
        ("Tasks", str(len({board.card.name for board, _ in ranked}))),
        ("Methods", str(len({s.row.name for s in standings if not s.is_control}))),
        ("Controls", str(len({s.row.name for s in standings if s.is_control}))),
        ("Runs", runs),
        ("Last run", finished[-1][:10]),
        ("Code", _commonest(environments, "commit")),
        ("Made with", f"torch {_commonest(environments, 'torch')}"),
        ("On", _commonest(environments, "device")),
    ]


def _commonest(environments: Sequence[Mapping[str, Any]], name: str) -> str:
    """Return the value most runs have, and say that there are others."""
    values = Counter(str(code_stamp(name, e.get(name, "unknown"))) for e in environments)
    (value, _), *others = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return f"{value} and {len(others)} other(s)" if others else value


def _presets(ranked: Ranked) -> list[dict[str, str]]:
    """Say what the results are good for, once per preset."""
    found = {board.preset.name: board.preset.description for board, _ in ranked}
    digital = {board.preset.name for board, _ in ranked if board.facts.digital}
    return [
        {"name": name, "meaning": " ".join([_sentence(words), *[DIGITAL] * (name in digital)])}
        for name, words in sorted(found.items())
    ]


def _sentence(words: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""
