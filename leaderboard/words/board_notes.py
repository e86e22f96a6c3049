"""What a reader must know before comparing the rows of a board."""

from __future__ import annotations

from benchmark.api.card import group_words
from benchmark.metrics.cell_size import HALF_WIDTH, known_within, patients_needed, points_words
from benchmark.support.words import counted, listed
from leaderboard.rank.regret import has_regret
from leaderboard.rank.worst_cells import headline_cells
from leaderboard.read.boards import Board
from leaderboard.read.row_settings import label_of, settings_apart

DEVELOPMENT = (
    "Development seeds: these runs are for choosing settings. To report a method, run it with "
    "seeds below 100, which have a board of their own."
)
SITE_SHIFT = "site_shift"  # the knob that moves the test scanner
FEWEST_NAMED = 3  # small cells
FEW_PATIENTS = 5  # a cell with fewer may point to a person


def board_notes(board: Board) -> list[str]:
    """Say what limits the comparison of rows: kind of seeds, patients, code or devices."""
    notes = _privacy(board)
    if board.development:
        notes.append(DEVELOPMENT)
    by_seed: dict[int, set[str]] = {}
    for row in board.rows:
        for run in row.done:
            seed, fingerprint = run.key
            by_seed.setdefault(seed, set()).add(fingerprint)
    if any(len(prints) > 1 for prints in by_seed.values()):
        notes.append(
            "Rows were run on different versions of the cohort. Only rows on the same patients are "
            "compared with each other."
        )
    return notes + _small_cells(board) + _made_differently(board) + _no_regret(board)


def _privacy(board: Board) -> list[str]:
    """Warn of cells of a table cohort that are small enough to point to a person.

    Images are counted, so a cell of one patient with five images is not found.
    """
    if board.facts.digital:
        return []
    train = (int(cell["n"]) for cell in board.cohort.counts if cell["split"] == "train")
    test = (score.n for row in board.rows for run in row.done for score in run.scores)
    if not any(0 < n < FEW_PATIENTS for n in (*train, *test)):
        return []
    return ["This page names cells of fewer than five patients: do not publish it."]


def _small_cells(board: Board) -> list[str]:
    """Warn of headline cells with too few test images for a claim, as a plan does of patients."""
    row = next((row for row in board.rows if row.comparable), None)
    if row is None:
        return []
    counts = {}
    for key in headline_cells(board.card):
        counts[key] = min(int(run.table.counts[run.table.keys.places[key], 0]) for run in row.done)
    needed = patients_needed()
    small = sorted(((n, key) for key, n in counts.items() if n < needed), key=lambda cell: cell[0])
    if not small:
        return []
    named = [f"{group_words(key.values)}, {key.label}: {_known(n)}" for n, key in small]
    return [
        f"Too few test patients for a claim about the worst group, in {len(small)} of "
        f"{len(counts)} cells; {needed} of a cell are needed to know its accuracy to within "
        f"{points_words(HALF_WIDTH)} (95 %). {listed(named, FEWEST_NAMED)}."
    ]


def _known(n: int) -> str:
    return f"{counted(n, 'image')}, known to within {known_within(n)}" if n else "nobody"


def _made_differently(board: Board) -> list[str]:
    """Name the rows that were made with something else than the row that they are compared with."""
    labels = zip(board.rows, settings_apart(board.rows), strict=True)
    marked = [
        f"{label_of(row.name, settings)} ({'; '.join(row.differs)})"
        for row, settings in labels
        if row.differs
    ]
    if not marked:
        return []
    return [
        "Some rows were made with other code, packages or another device than the row that they "
        f"are compared with. Small differences may come from that: {', '.join(marked)}."
    ]


def _no_regret(board: Board) -> list[str]:
    """Say why a digital board lacks the column of regret, and what makes it."""
    if not board.facts.digital or has_regret(board) or not any(row.done for row in board.rows):
        return []
    if board.variant.knobs.get(SITE_SHIFT):
        return ["There is no column Regret: ceilings hold for the training scanner (site_shift 0)."]
    command = f"python docs/measurements/ceiling.py {board.card.name} --preset {board.preset.name}"
    return [
        "There is no column Regret, because these runs were scored without a ceiling for test "
        f"images of {board.preset.source.image_size} pixels: give `equipoise score` again, and "
        f"before it `{command}` where the task has no such ceiling."
    ]
