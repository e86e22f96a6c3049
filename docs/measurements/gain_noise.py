"""How far does each method's gain over plain training move from seed to seed?

Run: PYTHONPATH=. python docs/measurements/gain_noise.py RUNS   (seconds; RUNS holds finished runs
of development seeds, see docs/results/gain_noise.md for the command that makes them)
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmark.api.scores import ScoreKey
from benchmark.records.run_folder import find_runs

FIRST_DEVELOPMENT_SEED = 100
HEADLINE = ScoreKey("worst_group_accuracy")
SEEDS = 5  # of an official board

Table = dict[str, dict[int, float]]  # method -> seed -> headline


def headlines(runs: Path) -> dict[str, Table]:
    """Read the headline of every finished run, by task."""
    tasks: dict[str, Table] = defaultdict(lambda: defaultdict(dict))
    for run in find_runs(runs):
        found = [score.value for score in run.scores if score.key == HEADLINE]
        if found and found[0] is not None and run.config.seed >= FIRST_DEVELOPMENT_SEED:
            tasks[run.card.name][run.config.method.name][run.config.seed] = found[0]
    return tasks


def main() -> None:
    """Print one line per task and method."""
    print("| task | method | seeds | worst group | its SD | gain | its SD | its SE at five seeds |")
    for task, table in sorted(headlines(Path(sys.argv[1])).items()):
        plain = table["erm"]
        for method, values in sorted(table.items()):
            seeds = sorted(values.keys() & plain.keys())
            gains = np.array([values[seed] - plain[seed] for seed in seeds])
            worst = np.array([values[seed] for seed in seeds])
            spread = gains.std(ddof=1)
            own = [worst.mean(), worst.std(ddof=1)]
            numbers = [*own, gains.mean(), spread, spread / SEEDS**0.5]
            cells = " | ".join(f"{100 * number:.1f}" for number in numbers)
            print(f"| {task} | `{method}` | {len(seeds)} | {cells} |")


if __name__ == "__main__":
    main()
