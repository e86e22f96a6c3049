"""How often the interval of worst-cell regret holds the truth, on boards that are drawn.

Run: python docs/measurements/regret.py   (about two minutes)

A board has five rows on the same test patients, two attributes (2 and 3 values) and two labels.
Rows differ in where they fail; every training moves each cell's accuracy. Whether a training is
right about a patient hangs on how hard the patient is and on chance. The truth is the mean over
trainings of the largest distance below the ceiling, with patients without end; with one seed it is
that of the one trained model, as the page says. The ceiling is given, or measured on the same test
patients, as docs/measurements/ceiling.py does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy.stats import norm

from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.seed_means import seed_intervals
from benchmark.metrics.seed_noise import seed_pool

CELLS = np.array(list(product(range(2), range(2), range(3))))  # label, first and second attribute
BEST = 0.93 - 0.02 * CELLS[:, 0] - 0.015 * CELLS[:, 2]  # ceiling of each finest cell
ROWS = {  # distance below the ceiling in each finest cell
    "one bad cell": 0.06 + 0.20 * ((CELLS[:, 0] == 1) & (CELLS[:, 1] == 0)),
    "two bad cells": 0.06 + 0.15 * (CELLS[:, 0] != CELLS[:, 1]),
    "worse step by step": 0.04 + 0.05 * CELLS[:, 2] + 0.03 * CELLS[:, 0],
    "all cells alike": np.full(len(CELLS), 0.08),
    "at the ceiling": np.zeros(len(CELLS)),
}
COMMON, OWN = 0.01, 0.02  # how far a training moves all cells, and each of them
HARDNESS = 0.7  # share of how hard a patient is in whether a training is right
PER_CELL = 750  # test patients of each finest cell
REPEATS, RESAMPLES, LARGE = 150, 500, 50_000


def headline_cells(finest: np.ndarray) -> np.ndarray:
    """Average finest cells, (..., 12), to the ten cells of one attribute and label, (..., 10)."""
    member = [
        (CELLS[:, 0] == label) & (CELLS[:, place] == value)
        for place, values in ((1, 2), (2, 3))
        for label in range(2)
        for value in range(values)
    ]
    return np.stack([finest[..., of].mean(axis=-1) for of in member], axis=-1)


def trainings(rng: np.random.Generator, below: np.ndarray, n: int) -> np.ndarray:
    """Draw the true accuracy of every finest cell in n trainings, (n, 12)."""
    moved = rng.normal(0, COMMON, (n, 1)) + rng.normal(0, OWN, (n, len(CELLS)))
    return np.clip(BEST - below + moved, 0.02, 0.98)


def regret_of(accuracy: np.ndarray) -> np.ndarray:
    """Return the true regret of trainings from the accuracy of their finest cells, (..., 12)."""
    return np.asarray((headline_cells(BEST) - headline_cells(accuracy)).max(axis=-1))


def board(
    rng: np.random.Generator, seeds: int, measured: bool
) -> tuple[list[np.ndarray], np.ndarray]:
    """Draw one board: every row's draws of regret, (seeds, 1 + resamples), and what is true of its
    trainings, (rows, seeds).
    """
    accuracy = np.stack([trainings(rng, below, seeds) for below in ROWS.values()])
    hard = rng.normal(size=(len(CELLS), PER_CELL))
    shape = (len(ROWS), seeds, len(CELLS), PER_CELL)
    noise = np.sqrt(1 - HARDNESS) * rng.normal(size=shape) + np.sqrt(HARDNESS) * hard
    right = noise < norm.ppf(accuracy)[..., None]
    chance = np.sqrt(1 - HARDNESS) * rng.normal(size=hard.shape) + np.sqrt(HARDNESS) * hard
    best = (chance < norm.ppf(BEST)[:, None]).mean(axis=1) if measured else BEST
    top = headline_cells(best)
    draws = [np.max(top - headline_cells(of), axis=-1) for of in _shares(rng, right)]
    return draws, regret_of(accuracy)


def _shares(rng: np.random.Generator, right: np.ndarray) -> Iterator[np.ndarray]:
    """Redraw patients within their finest cell; yield a row's shares, (seeds, 1 + RESAMPLES, 12).

    right: (rows, seeds, cells, patients). Patients whose answers are right with the same seeds are
    alike, so their numbers are drawn. Rows are redrawn one by one: no interval compares two.
    """
    rows, seeds, cells, patients = right.shape
    patterns = (np.arange(2**seeds)[:, None] >> np.arange(seeds)) & 1  # (patterns, seeds)
    codes = np.einsum("mscp,s->mcp", right.astype(np.int64), 2 ** np.arange(seeds))
    for row in range(rows):
        counts = np.stack([np.bincount(codes[row, c], minlength=2**seeds) for c in range(cells)])
        drawn = rng.multinomial(patients, counts / patients, (RESAMPLES, cells))
        every = np.concatenate([counts[None], drawn])  # (1 + RESAMPLES, cells, patterns)
        yield np.moveaxis(every @ patterns / patients, 2, 0)


def coverage(seeds: int, measured: bool) -> dict[str, tuple[float, float, float]]:
    """Return by row: share of intervals with the truth, bias of the value, mean half width."""
    rng = np.random.default_rng(17)
    true = {
        name: float(regret_of(trainings(rng, below, LARGE)).mean()) for name, below in ROWS.items()
    }
    found: dict[str, list[tuple[bool, float, float]]] = {name: [] for name in ROWS}
    for _ in range(REPEATS):
        drawn, of_trainings = board(rng, seeds, measured)
        if seeds == 1:
            true = dict(zip(ROWS, of_trainings[:, 0], strict=True))
        rows = {
            name: RowDraws(name, {(seed, "fp"): of for seed, of in enumerate(draws)})
            for name, draws in zip(ROWS, drawn, strict=True)
        }
        pool = seed_pool(rows.values())
        for name, (value, low, high) in seed_intervals(rows, (-1, 1), pool).items():
            held = low <= true[name] <= high
            found[name].append((held, value - true[name], (high - low) / 2))
    return {name: tuple(np.mean(of, axis=0)) for name, of in found.items()}


def main() -> None:
    """Print a table: per row and setting the coverage, the bias and half the width in points."""
    print("| seeds | patients | ceiling | " + " | ".join(ROWS) + " |")
    print("|---" * (3 + len(ROWS)) + "|")
    for seeds, measured in [(1, False), (2, False), (3, False), (3, True), (5, False)]:
        of_rows = coverage(seeds, measured).values()
        words = [f"{100 * c:.0f} ({100 * b:+.1f}, ±{100 * h:.1f})" for c, b, h in of_rows]
        ceiling = "measured" if measured else "given"
        print(f"| {seeds} | {PER_CELL * len(CELLS):,} | {ceiling} | {' | '.join(words)} |")


if __name__ == "__main__":
    main()
