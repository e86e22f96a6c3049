"""How often are two equal methods called different, and a better one found, with few seeds?

Run: python docs/measurements/seeds.py   (two minutes; the table of docs/results/intervals.md)
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri

from benchmark.metrics.comparisons import compare
from benchmark.metrics.intervals import bootstrap_weights
from benchmark.metrics.seed_noise import seed_noise

METHODS, PATIENTS, RESAMPLES = 7, 150, 200
SHARED = 0.6  # of what makes a patient hard, common to all methods
SEED_SHIFT = 0.02  # SD by which a seed helps or hurts all methods alike


def study(
    seeds: int, shaky: float, effect: float, rows: str, rng: np.random.Generator
) -> np.ndarray:
    """Simulate one board: accuracy draws (methods, seeds, 1 + RESAMPLES); effect helps row 0.

    rows: "even" (all equally shaky), "uneven" (by a factor of 1.6 either way, one SD), or
    "erratic" (row 0 is shakier than all others, by SD 0.08).
    """
    spread = np.full(METHODS, shaky)
    if rows == "uneven":
        spread = shaky * np.exp(rng.normal(0, 0.5, METHODS))
    if rows == "erratic":
        spread[0] = 0.08
    skill = 0.7 + SEED_SHIFT * rng.normal(size=seeds)
    skill = skill + spread[:, None] * rng.normal(size=(METHODS, seeds))
    skill[0] += effect
    hard = np.sqrt(SHARED) * rng.normal(size=(seeds, PATIENTS))
    hard = hard + np.sqrt(1 - SHARED) * rng.normal(size=(METHODS, seeds, PATIENTS))
    right = (hard < ndtri(np.clip(skill, 0.01, 0.99))[:, :, None]).astype(float)
    draws = np.empty((METHODS, seeds, 1 + RESAMPLES))
    draws[:, :, 0] = right.mean(axis=2)
    for seed in range(seeds):
        weights = bootstrap_weights(np.arange(PATIENTS), RESAMPLES, rng)
        draws[:, seed, 1:] = right[:, seed] @ weights.T / PATIENTS
    return draws


def rates(seeds: int, shaky: float, effect: float, rows: str, studies: int) -> Iterator[float]:
    """Yield how often row 0 is called better than row 1, by the pair alone and pooled."""
    rng = np.random.default_rng(1)
    called = np.zeros(2)
    for _ in range(studies):
        draws = study(seeds, shaky, effect, rows, rng)
        for column, noise in enumerate((None, seed_noise(draws[:, :, 0]))):
            found = compare(draws[0], draws[1], noise)
            called[column] += found.p_value < 0.05 and found.difference > 0
    yield from called / studies


if __name__ == "__main__":
    print("rows     seeds  sd of training  false better: pair, pooled  found +0.10: pair, pooled")
    for rows in ("even", "uneven", "erratic"):
        for seeds in (2, 3, 5):
            for shaky in (0.0, 0.015, 0.04):
                false = [f"{r:6.1%}" for r in rates(seeds, shaky, 0.0, rows, 1000)]
                found = [f"{r:6.1%}" for r in rates(seeds, shaky, 0.1, rows, 300)]
                print(f"{rows:8} {seeds:5}  {shaky:14}  {'  '.join(false):>26}  {'  '.join(found)}")
