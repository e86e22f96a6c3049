"""Build the site: a first screen, a page for every board, and the same numbers as CSV and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.records.unfinished import Unfinished
from benchmark.support.files import write_text
from leaderboard.each_board import each_board
from leaderboard.export import as_csv, joined, json_board, json_text
from leaderboard.pages import Site
from leaderboard.rank.standings import rank
from leaderboard.read.boards import Board, collect
from leaderboard.read.index import read_index
from leaderboard.read.scored_run import TableCheck
from leaderboard.tables.overview import board_card
from leaderboard.words.unfinished import unfinished_words

STORED = (
    "Scores were computed from saved predictions when each run ended, and again where code, "
    "predictions or draws have changed since. To check a stranger's runs, build the page with "
    "--rescore."
)
RESCORED = "All scores were computed again from saved predictions for this page."
BOARDS = "boards"  # folder of the boards' pages, beside index.html


@dataclass(frozen=True)
class Made:
    """What is written of one board, and what the first screen says of it."""

    page: str
    table: str  # CSV
    values: str  # JSON
    card: dict[str, Any]


def build(
    runs: Path,
    out: Path,
    *,
    rescore: bool = False,
    check: TableCheck | None = None,
    rivals: Mapping[str, tuple[str, ...]] | None = None,
    so_far: Unfinished | None = None,
) -> Path:
    """Read all run folders below runs; write index.html, boards/, leaderboard.csv, results.json.

    rescore: believe no score that a run folder holds; compute them from its predictions, in memory.
    check: compares labels and attributes of every run with its cohort; what differs has failed.
    rivals: what methods whose code is at hand must beat; of others config.json is believed.
    so_far: of a plan that is not done, what every page says at its top.
    Returns the path of index.html. The same runs give the same bytes. Each file appears whole or
    not at all; a page of a board that is no more is deleted. Raises ValueError if no run is
    finished.
    """
    index = None if rescore else read_index(runs)
    collected = collect(runs, index=index, rescore=rescore, check=check, rivals=rivals)
    if index is not None:
        index.write()
    boards = collected.boards
    said = [check.summary()] if check else []
    said += [_declared(boards, rivals)] if rivals is not None else []
    scores = " ".join([RESCORED if rescore else STORED, *said])
    words = unfinished_words(so_far)
    site = Site(boards, scores, collected.unreadable, collected.without_generation, words)
    made = each_board(boards, lambda board: _made(site, board))
    texts = {  # all before the first is written: they agree, whatever fails
        "leaderboard.csv": joined([one.table for one in made]),
        "results.json": json_text([one.values for one in made], scores),
        "index.html": site.first_screen([one.card for one in made]),
    }
    for board, one in zip(boards, made, strict=True):
        texts[f"{BOARDS}/{board.slug}.html"] = one.page
        texts[f"{BOARDS}/{board.slug}.csv"] = one.table
    (out / BOARDS).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text(out / name, text)
    for path in (out / BOARDS).iterdir():
        if path.suffix in (".html", ".csv") and f"{BOARDS}/{path.name}" not in texts:
            path.unlink()
    return out / "index.html"


def _declared(boards: Sequence[Board], rivals: Mapping[str, tuple[str, ...]]) -> str:
    """Say where the page has read what methods must beat."""
    names = {row.name for board in boards for row in board.rows if not row.is_control}
    own, others = sorted(names & rivals.keys()), sorted(names - rivals.keys())
    words = [f"from the code here for {', '.join(own)}"] * bool(own)
    words += [f"from config.json for {', '.join(others)}"] * bool(others)
    return f"What a method must beat was read {', and '.join(words)}." if words else ""


def _made(site: Site, board: Board) -> Made:
    standings = rank(board)
    return Made(
        page=site.board_page(board, standings),
        table=as_csv(board, standings),
        values=json_board(board, standings),
        card=board_card(board, standings),
    )
