"""The estimators of decision_rule.py on val sets drawn from populations that are known.

Run: PYTHONPATH=.:docs/measurements python docs/measurements/decision_rule_simulated.py   (a minute)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from decision_rule import ESTIMATORS

Draw = Callable[[np.random.Generator, int, int], np.ndarray]  # (rng, label, n) -> logits

PATIENTS, REPEATS, LARGE = 500, 200, 200_000


def even(rng: np.random.Generator, label: int, n: int) -> np.ndarray:
    """Two normals of equal width, the positives underestimated."""
    return rng.normal(2 * label - 1.8, 1.2, n)


def uneven(rng: np.random.Generator, label: int, n: int) -> np.ndarray:
    """Positives vary twice as much."""
    return rng.normal(2.5 * label - 1.8, 1.0 + label, n)


def skewed(rng: np.random.Generator, label: int, n: int) -> np.ndarray:
    """Sure of most negatives, with a long tail towards the other class on both sides."""
    tail = rng.gamma(1.5, 1.2, n)
    return tail - 3 if label == 0 else 2 - tail


def overconfident(rng: np.random.Generator, label: int, n: int) -> np.ndarray:
    """A quarter of each class looks like the other one; logits are large."""
    fooled = rng.random(n) < 0.25
    return np.where(fooled != (label == 1), 4.0, -5.0) + rng.normal(0, 3.0, n)


POPULATIONS: dict[str, Draw] = {
    "even": even,
    "uneven": uneven,
    "skewed": skewed,
    "overconfident": overconfident,
}


def right(draw: Draw) -> tuple[Callable[[float], tuple[float, float]], float]:
    """Return the true shares of right answers per class at a cut, and the best balanced one."""
    rng = np.random.default_rng(0)
    classes = [np.sort(draw(rng, label, LARGE)) for label in (0, 1)]

    def shares(cut: float) -> tuple[float, float]:
        below = [np.searchsorted(logits, cut) / LARGE for logits in classes]
        return float(below[0]), float(1 - below[1])

    grid = np.quantile(np.concatenate(classes), np.linspace(0.01, 0.99, 981))
    return shares, max(sum(shares(cut)) / 2 for cut in grid)


def main() -> None:
    """Print the SD of the sensitivity and the loss of balanced accuracy, in points."""
    for share in (0.5, 0.1):
        print(f"\nval: {PATIENTS} patients, {share:.0%} positive\n")
        print(f"| estimator | {' | '.join(POPULATIONS)} |\n|---|{'---|' * len(POPULATIONS)}")
        for name, estimator in ESTIMATORS.items():
            cells = []
            for draw in POPULATIONS.values():
                shares, best = right(draw)
                rng, found = np.random.default_rng(1), []
                for _ in range(REPEATS):
                    labels = (np.arange(PATIENTS) < share * PATIENTS).astype(int)
                    n = labels.sum()
                    logits = np.r_[draw(rng, 1, n), draw(rng, 0, PATIENTS - n)]
                    found.append(shares(estimator(labels, logits)))
                spread = np.std([sensitivity for _, sensitivity in found])
                loss = best - np.mean(found)
                cells.append(f"{100 * spread:.1f}, {100 * loss:.1f}")
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
