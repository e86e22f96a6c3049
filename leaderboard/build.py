"""Build the site: a first screen, a page for every board, and the same numbers as CSV and JSON."""

from __future__ import annotations

from pathlib import Path

from benchmark.support.files import write_text
from leaderboard.export import as_csv, json_text
from leaderboard.pages import Site
from leaderboard.rank.standings import rank
from leaderboard.read.boards import collect
from leaderboard.read.index import read_index
from leaderboard.read.scored_run import TableCheck

STORED = (
    "Scores were computed from saved predictions when each run ended, and again where code, "
    "predictions or draws have changed since. To check a stranger's runs, build the page with "
    "--rescore."
)
RESCORED = "All scores were computed again from saved predictions for this page."
BOARDS = "boards"  # folder of the boards' pages, beside index.html


def build(runs: Path, out: Path, *, rescore: bool = False, check: TableCheck | None = None) -> Path:
    """Read all run folders below runs; write index.html, boards/, leaderboard.csv, results.json.

    rescore: believe no score that a run folder holds; compute them from its predictions, in memory.
    check: compares labels and attributes of every run with its cohort; what differs has failed.
    Returns the path of index.html. The same runs give the same bytes. Each file appears whole or
    not at all; a page of a board that is no more is deleted. Raises ValueError if no run is
    finished.
    """
    index = None if rescore else read_index(runs)
    collected = collect(runs, index=index, rescore=rescore, check=check)
    if index is not None:
        index.write()
    ranked = [(board, rank(board)) for board in collected.boards]
    scores = " ".join([RESCORED if rescore else STORED, *([check.summary()] if check else [])])
    site = Site(ranked, scores, collected.unreadable, collected.without_generation)
    texts = {  # all before the first is written: they agree, whatever fails
        "leaderboard.csv": as_csv(ranked),
        "results.json": json_text(ranked, scores),
        "index.html": site.first_screen(),
    }
    for each in ranked:
        texts[f"{BOARDS}/{each[0].slug}.html"] = site.board_page(*each)
        texts[f"{BOARDS}/{each[0].slug}.csv"] = as_csv([each])
    (out / BOARDS).mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_text(out / name, text)
    for path in (out / BOARDS).iterdir():
        if path.suffix in (".html", ".csv") and f"{BOARDS}/{path.name}" not in texts:
            path.unlink()
    return out / "index.html"
