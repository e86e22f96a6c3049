"""How often are verdicts, tiers, flags and intervals right? Boards whose truth is known.

Run: python docs/measurements/ruler.py [--boards 1000] [--rows 9] [--seeds 3] [--kind even]
(the tables of docs/results/ruler.md; about 12 minutes on one core)

A patient is not simulated one by one: the accuracy of a cell of 1,500 patients is normal to three
digits, and so are its resamples, so both are drawn from that normal distribution. Attributes are
taken as independent, though they divide the same patients.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmark.metrics import simultaneous
from benchmark.metrics.comparisons import claims_of, gains_over
from benchmark.metrics.levelling import levelling_down
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_intervals
from benchmark.metrics.seed_noise import seed_pool
from benchmark.metrics.tiers import places

PATIENTS = 1500  # in a cell
RESAMPLES = 200
SAMPLES = 2000  # of each family's level; its own chance averages out over boards
ROW_SD = 0.03  # by which a row moves from seed to seed apart from the others (0.024 to 0.037)
CELL_SD = 0.01  # the part of it that is not common to all cells
ERRATIC_SD = 0.08
BASELINES = 7  # of the default board; on a smaller one all rows are
FEWER = 2  # rows that have one seed fewer, as methods that train generators on the default board
SEED_SD = 0.02  # by which a seed moves all rows alike
COMMON, OF_ROW = 0.5, 0.1  # of what makes a patient hard: for all rows, for one row in all seeds
GROUPS = ((3,), (2, 3), (2, 2, 3))  # values of each attribute: 6, 10 or 14 cells
GAINS = (0.03, 0.06, 0.10)
FEW = 4  # rows of a board whose claims and own intervals are counted
KINDS = ("even", "uneven", "erratic", "fewer", "fewer and shaky")


@dataclass(frozen=True)
class Simulated:
    """One board without differences; cells: (rows, seeds, cells, 1 + resamples) accuracies."""

    cells: np.ndarray
    groups: tuple[int, ...]
    truth: float  # the worst cell of a training, on average
    odd: frozenset[int]  # rows that are unlike the others
    fewer: bool  # odd rows have one seed fewer


def simulate(rows: int, seeds: int, kind: str, rng: np.random.Generator) -> Simulated:
    """Draw a board. even: all rows equally shaky; uneven: by a factor of 1.6 either way (one SD);
    erratic: one row, which may be the reference, has a row SD of 0.08; fewer: the last rows have
    one seed fewer; fewer and shaky: and twice the row SD."""
    groups = GROUPS[rng.integers(len(GROUPS))]
    base = np.append(0.55, rng.uniform(0.57, 0.9, 2 * sum(groups) - 1))
    rng.shuffle(base)
    uneven = 0.5 if kind == "uneven" else 0.0
    spread = ROW_SD * np.exp(uneven * rng.normal(size=rows))
    odd: frozenset[int] = frozenset()
    if kind == "erratic":
        odd = frozenset({int(rng.integers(rows))})
        spread[list(odd)] = ERRATIC_SD
    if kind.startswith("fewer"):
        odd = frozenset(range(rows - FEWER, rows))
        spread[list(odd)] *= 2 if kind == "fewer and shaky" else 1
    common = np.sqrt(np.maximum(spread**2 - CELL_SD**2, 0))
    true = base + SEED_SD * rng.normal(size=(1, seeds, 1))
    true = true + common[:, None, None] * rng.normal(size=(rows, seeds, 1))
    true = true + CELL_SD * rng.normal(size=(rows, seeds, len(base)))
    error = np.sqrt(base * (1 - base) / PATIENTS)[:, None]
    measured = true[..., None] + error * _patients(rows, seeds, len(base), 1, rng)
    resampled = measured + error * _patients(rows, seeds, len(base), RESAMPLES, rng)
    truth = (base + CELL_SD * rng.normal(size=(4000, len(base)))).min(axis=1).mean()
    return Simulated(
        np.concatenate([measured, resampled], -1),
        groups,
        float(truth),
        odd,
        kind.startswith("fewer"),
    )


def _patients(
    rows: int, seeds: int, cells: int, times: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw what the choice of test patients does to each cell, in standard errors."""
    shared = np.sqrt(COMMON) * rng.standard_normal((1, 1, cells, times))
    of_row = np.sqrt(OF_ROW) * rng.standard_normal((rows, 1, cells, times))
    rest = rng.standard_normal((rows, seeds, cells, times))
    return np.asarray(shared + of_row + np.sqrt(1 - COMMON - OF_ROW) * rest)


def rows_of(board: Simulated, values: np.ndarray) -> dict[int, RowDraws]:
    """Make rows of an array (rows, seeds, ...)."""
    return {
        i: RowDraws(
            f"m{i}",
            dict(enumerate(of_row[:-1] if board.fewer and i in board.odd else of_row)),
            "baseline" if i < BASELINES else "method",
        )
        for i, of_row in enumerate(values)
    }


def judge(board: Simulated) -> Iterator[tuple[str, bool]]:
    """Yield what is found on a board: the name of a question, and whether it happened."""
    rows = rows_of(board, board.cells.min(axis=2))
    pool = seed_pool(rows.values())
    some = [*list(rows)[1 : FEW + 1], *(board.odd - {0})]
    for (i, _), found in claims_of(rows, [(i, 0) for i in dict.fromkeys(some)], pool).items():
        different = found.verdict != "not significant"
        if board.odd & {0, i}:
            yield "odd claim", different
        if i > FEW:
            continue
        yield "false claim", different
        for gain in GAINS:
            yield f"claim {gain:.2f}", found.low + gain > 0
    gains = gains_over(0, rows, pool)
    yield "false family", any(g.verdict != "not significant" for g in gains.values())
    for gain in GAINS:
        for found_gain in gains.values():
            yield f"gain {gain:.2f}", found_gain.low + gain > 0
    yield "split", any(place.tier > 1 for place in places(rows, pool).values())
    yield "levelled", bool(_levelled(board))
    for _, low, high in seed_intervals({i: rows[i] for i in list(rows)[:FEW]}, pool=pool).values():
        yield "row covered", low <= board.truth <= high


def _levelled(board: Simulated) -> set[int]:
    """Return the rows that are flagged over any attribute."""
    balanced = board.cells.reshape(*board.cells.shape[:2], -1, 2, board.cells.shape[-1]).mean(3)
    ends = np.cumsum(board.groups)
    flagged: set[int] = set()
    for start, end in zip(ends - board.groups, ends, strict=True):
        flagged |= levelling_down(0, rows_of(board, balanced[:, :, start:end]), len(board.groups))
    return flagged


def study(rows: int, seeds: int, kind: str, boards: int) -> dict[str, float]:
    """Return the share of times that each question was answered with yes."""
    simultaneous.SAMPLES = SAMPLES
    rng = np.random.default_rng([rows, seeds, KINDS.index(kind)])
    answers: dict[str, list[bool]] = defaultdict(list)
    for _ in range(boards):
        for question, happened in judge(simulate(rows, seeds, kind, rng)):
            answers[question].append(happened)
    return {question: float(np.mean(found)) for question, found in answers.items()}


def main() -> None:
    """Print one line per setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boards", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[2, 3, 9, 30])
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 5])
    parser.add_argument("--kind", nargs="+", default=KINDS, choices=KINDS)
    chosen = parser.parse_args()
    print("| rows | seeds | kind | claim | odd claim | family | split | levelled ", end="")
    print("| row covered | claim finds 3 / 6 / 10 points | gain finds 3 / 6 / 10 points |")
    for rows, seeds, kind in product(chosen.rows, chosen.seeds, chosen.kind):
        if kind.startswith("fewer") and (rows < BASELINES + FEWER or seeds < 3):
            continue
        found = study(rows, seeds, kind, chosen.boards)
        odd = f"{found['odd claim']:.1%}" if "odd claim" in found else ""
        shares = [f"{found[q]:.1%}" for q in ("false family", "split", "levelled", "row covered")]
        power = [
            " / ".join(f"{found[f'{what} {gain:.2f}']:.0%}" for gain in GAINS)
            for what in ("claim", "gain")
        ]
        first = [str(rows), str(seeds), kind, f"{found['false claim']:.1%}", odd]
        print(f"| {' | '.join([*first, *shares, *power])} |", flush=True)


if __name__ == "__main__":
    main()
