"""Which critical value fits a variance with an estimated and a known part?

Run: python docs/measurements/critical_values.py   (seconds; a table of docs/results/ruler.md)

A difference has mean 0 and variance 1, of which a share is estimated with few degrees of freedom
(trainings) and the rest is known (test patients). How often is it called different at 5 %?
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtrit

STUDIES = 400_000
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the variance that is estimated
FREEDOM = (1, 2, 4)  # 2, 3 and 5 seeds
RULES = ("Satterthwaite", "root of squares", "weighted mean")


def rates(share: float, freedom: int, rng: np.random.Generator) -> list[float]:
    """Return how often each rule calls a difference of 0 different."""
    distance = np.abs(rng.standard_normal(STUDIES))
    estimated = share * rng.chisquare(freedom, STUDIES) / freedom
    known = 1 - share
    total = estimated + known
    t, z = stdtrit(freedom, 0.975), ndtri(0.975)
    after_satterthwaite = freedom * (total / np.maximum(estimated, 1e-12)) ** 2
    half = (
        stdtrit(np.minimum(after_satterthwaite, 1e9), 0.975) * np.sqrt(total),
        np.sqrt(t**2 * estimated + z**2 * known),
        (t * estimated + z * known) / np.sqrt(total),
    )
    return [float(np.mean(distance > h)) for h in half]


def main() -> None:
    """Print the lowest and the highest rate over the shares."""
    rng = np.random.default_rng(1)
    print(f"| degrees of freedom | {' | '.join(RULES)} |")
    for freedom in FREEDOM:
        found = np.array([rates(share, freedom, rng) for share in SHARES])
        cells = [
            f"{low:.1%} to {high:.1%}"
            for low, high in zip(found.min(axis=0), found.max(axis=0), strict=True)
        ]
        print(f"| {freedom} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
