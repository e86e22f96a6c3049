"""What a reader must know before comparing the rows of a board."""

from __future__ import annotations

from leaderboard.read.boards import Board

FEW_PATIENTS = 5  # a cell with fewer may point to a person


def board_notes(board: Board) -> list[str]:
    """Say what limits the comparison of rows: other settings, patients, code or devices."""
    notes = _privacy(board)
    presets = [row.config.preset for row in board.rows]
    settings: dict[str, set[object]] = {
        "source": {preset.source for preset in presets},
        "classifier": {preset.classifier for preset in presets},
    }
    for part, found in settings.items():
        if len(found) > 1:
            notes.append(
                f"Rows were run with different {part} settings of the preset "
                f"{board.preset.name!r}, so they are not fully comparable."
            )
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
    return notes + _made_differently(board)


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


def _made_differently(board: Board) -> list[str]:
    """Name what the runs of a board should share and do not."""
    configs = [run.config for row in board.rows for run in row.done]
    shared: dict[str, list[object]] = {
        "versions of the engine": [c.engine for c in configs],
        "versions of the task's code": [c.task.source for c in configs],
        "devices": [c.environment.get("device") for c in configs],
        "precisions": [c.environment.get("precision") for c in configs],
    }
    return [
        f"Runs were made with different {what} ({', '.join(sorted(found))}). This may "
        "explain small differences between rows."
        for what, values in shared.items()
        if len(found := {str(value) for value in values}) > 1
    ]
