"""Which critical value fits a variance with an estimated and a known part?

Run: python docs/measurements/critical_values.py   (seconds; a table of docs/results/ruler.md)

A difference has mean 0 and variance 1, of which a share is estimated with few degrees of freedom
(trainings) and the rest is known (test patients). How often is it called different at a level?
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.special import ndtri, stdtrit

STUDIES = 400_000
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the variance that is estimated
FREEDOM = (1, 2, 4)  # 2, 3 and 5 seeds
LEVELS = (0.05, 0.05 / 36)  # of one comparison, and of one of the pairs of nine rows
RULES = ("Satterthwaite", "weighted mean", "root of squares")


def rates(level: float, share: float, freedom: int, rng: np.random.Generator) -> list[float]:
    """Return how often each rule calls a difference of 0 different, in units of the level."""
    distance = np.abs(rng.standard_normal(STUDIES))
    estimated = share * rng.chisquare(freedom, STUDIES) / freedom
    known = 1 - share
    total = estimated + known
    t, z = stdtrit(freedom, 1 - level / 2), ndtri(1 - level / 2)
    after_satterthwaite = freedom * (total / np.maximum(estimated, 1e-12)) ** 2
    half = (
        stdtrit(np.minimum(after_satterthwaite, 1e9), 1 - level / 2) * np.sqrt(total),
        (t * estimated + z * known) / np.sqrt(total),
        np.sqrt(t**2 * estimated + z**2 * known),
    )
    return [float(np.mean(distance > h)) / level for h in half]


def main() -> None:
    """Print the lowest and the highest rate over the shares, in units of the level."""
    rng = np.random.default_rng(1)
    print(f"| level | degrees of freedom | {' | '.join(RULES)} |")
    for level, freedom in product(LEVELS, FREEDOM):
        found = np.array([rates(level, share, freedom, rng) for share in SHARES])
        limits = zip(found.min(axis=0), found.max(axis=0), strict=True)
        cells = [f"{low:.2f} to {high:.2f}" for low, high in limits]
        print(f"| {level:.2%} | {freedom} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
