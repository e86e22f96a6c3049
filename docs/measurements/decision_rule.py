"""Which estimator of the operating point is the decision rule: how far each wanders and errs.

Run: PYTHONPATH=. python docs/measurements/decision_rule.py RUNS   (a minute or two; RUNS holds runs
of development seeds, see docs/results/decision_rule.md for the command that makes them)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from benchmark.metrics.decision import SMALLEST_PROBABILITY, balanced_offsets
from benchmark.records.run_folder import RunRecord, find_runs

FIRST_DEVELOPMENT_SEED = 100
BOOTSTRAPS = 100  # of the val patients, per run
EXTREME = 0.1  # a threshold below it, or above 1 - it

Estimator = Callable[[np.ndarray, np.ndarray], float]  # (labels, logits) of val -> cut on the logit


def empirical(labels: np.ndarray, logits: np.ndarray) -> float:
    """Version 1: the middle of the gap with the best balanced accuracy, of equals the widest."""
    edges = np.unique(logits)
    middles = (edges[1:] + edges[:-1]) / 2
    missed, below = (
        np.searchsorted(np.sort(logits[labels == c]), middles) / np.sum(labels == c) for c in (1, 0)
    )
    merit = below - missed
    best = np.flatnonzero(merit > merit.max() - 1e-9)
    return float(middles[best[np.diff(sigmoid(edges))[best].argmax()]])


def one_half(labels: np.ndarray, logits: np.ndarray) -> float:
    """Answer with the most probable class."""
    return 0.0


def class_share(labels: np.ndarray, logits: np.ndarray) -> float:
    """Cut at the share of positives, as if probabilities were calibrated."""
    return float(np.log(np.mean(labels == 1) / np.mean(labels == 0)))


def balanced_regression(labels: np.ndarray, logits: np.ndarray) -> float:
    """Version 2: class-balanced logistic regression, cut at one half."""
    first, second = balanced_offsets(labels, np.stack([sigmoid(-logits), sigmoid(logits)], axis=1))
    return first - second


def platt(labels: np.ndarray, logits: np.ndarray) -> float:
    """Logistic regression without class weights, cut at the share of positives."""
    model = LogisticRegression(C=1e4).fit(logits[:, None], labels)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    return (class_share(labels, logits) - intercept) / max(slope, 1e-3)


def intercept_only(labels: np.ndarray, logits: np.ndarray) -> float:
    """Class-balanced regression whose slope is 1."""

    def excess(cut: float) -> float:
        return float(sum(sigmoid(logits[labels == c] - cut).mean() for c in (0, 1)) - 1)

    return float(brentq(excess, logits.min() - 40, logits.max() + 40))


def midpoint(labels: np.ndarray, logits: np.ndarray) -> float:
    """Halfway between the classes' mean logits (linear discriminant analysis)."""
    return float(sum(logits[labels == c].mean() for c in (0, 1)) / 2)


def midpoint_of_medians(labels: np.ndarray, logits: np.ndarray) -> float:
    """Halfway between the classes' median logits."""
    return float(sum(np.median(logits[labels == c]) for c in (0, 1)) / 2)


def smoothed(labels: np.ndarray, logits: np.ndarray) -> float:
    """The best balanced accuracy after smoothing each class with a normal kernel (Silverman)."""
    grid = np.linspace(logits.min(), logits.max(), 201)
    merit = np.zeros(len(grid))
    for label, sign in ((1, 1), (0, -1)):
        members = logits[labels == label]
        width = 1.06 * max(members.std(), 1e-6) * len(members) ** -0.2
        merit += sign * norm.sf((grid[:, None] - members) / width).mean(axis=1)
    return float(grid[merit.argmax()])


ESTIMATORS: dict[str, Estimator] = {
    "best balanced accuracy on val (version 1)": empirical,
    "one half": one_half,
    "share of positives": class_share,
    "Platt, cut at the share of positives": platt,
    "class-balanced regression (version 2)": balanced_regression,
    "the same with slope 1": intercept_only,
    "halfway between means": midpoint,
    "halfway between medians": midpoint_of_medians,
    "best smoothed balanced accuracy": smoothed,
}


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities."""
    return 1 / (1 + np.exp(-logits))


@dataclass(frozen=True)
class Run:
    """What is needed of one run."""

    task: str
    method: str
    seed: int
    labels: np.ndarray  # of val
    logits: np.ndarray
    cells: tuple[tuple[int, np.ndarray], ...]  # of test: label and sorted logits
    classes: tuple[np.ndarray, ...]  # of test: sorted logits per label

    def worst(self, cut: float) -> float:
        """Worst-group accuracy on test."""
        return min(_right(label, logits, cut) for label, logits in self.cells)

    def balanced(self, cut: float) -> float:
        """Balanced accuracy on test."""
        return sum(_right(label, logits, cut) for label, logits in enumerate(self.classes)) / 2

    @cached_property
    def best_cut(self) -> float:
        """The cut with the best balanced accuracy on test, which nobody knows."""
        cuts = np.quantile(np.concatenate(self.classes), np.linspace(0.02, 0.98, 481))
        return float(max(cuts, key=self.balanced))


def _right(label: int, logits: np.ndarray, cut: float) -> float:
    below = np.searchsorted(logits, cut, "left") / len(logits)
    return float(1 - below if label else below)


def read(record: RunRecord) -> Run:
    """Read a finished run of two classes."""
    card, table = record.card, record.predictions()
    positive = table["probability_1"].clip(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    logits, labels = np.log(positive / (1 - positive)).to_numpy(), card.encode_labels(table)
    val, test = ((table["split"] == split).to_numpy() for split in ("val", "test"))
    cells = [
        (label, np.sort(logits[test & (labels == label) & (table[a.name] == value).to_numpy()]))
        for label in (0, 1)
        for a in card.attributes
        for value in a.values
    ]
    classes = tuple(np.sort(logits[test & (labels == label)]) for label in (0, 1))
    return Run(
        record.config.task.name, record.config.method.name, record.config.seed,
        labels[val], logits[val], tuple(cells), classes,
    )  # fmt: skip


def residual_sd(runs: list[Run], values: np.ndarray) -> float:
    """SD of what is left after the means of methods and seeds, with its degrees of freedom."""
    methods, seeds = (sorted({getattr(r, name) for r in runs}) for name in ("method", "seed"))
    table = np.full((len(methods), len(seeds)), np.nan)
    for run, value in zip(runs, values, strict=True):
        table[methods.index(run.method), seeds.index(run.seed)] = value
    table = table[~np.isnan(table).any(axis=1)]
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    return float(np.sqrt((rest**2).sum() / ((len(table) - 1) * (len(seeds) - 1))))


def wandering(run: Run, estimator: Estimator) -> float:
    """SD of the worst-group accuracy when only the val patients are drawn again."""
    rng = np.random.default_rng(run.seed)
    values = []
    for _ in range(BOOTSTRAPS):
        rows = rng.integers(len(run.labels), size=len(run.labels))
        values.append(run.worst(estimator(run.labels[rows], run.logits[rows])))
    return float(np.std(values, ddof=1))


def line(name: str, runs: list[Run], cut_of: Callable[[Run], float], wander: float | None) -> str:
    """Describe one estimator on one task."""
    cuts = np.array([cut_of(run) for run in runs])
    worst = np.array([run.worst(cut) for run, cut in zip(runs, cuts, strict=True)])
    balanced = np.mean([run.balanced(cut) for run, cut in zip(runs, cuts, strict=True)])
    best = np.mean([run.balanced(run.best_cut) for run in runs])
    extreme = np.mean((sigmoid(cuts) < EXTREME) | (sigmoid(cuts) > 1 - EXTREME))
    alone = "" if wander is None else f"{100 * wander:.1f}"
    numbers = [f"{100 * residual_sd(runs, worst):.1f}", alone, f"{100 * worst.mean():.1f}"]
    numbers += [f"{100 * balanced:.1f}", f"{100 * (balanced - best):+.1f}", f"{extreme:.0%}"]
    return f"| {name} | {' | '.join(numbers)} |"


def main(root: Path) -> None:
    """Print one table per task."""
    records = [r for r in find_runs(root) if r.config.seed >= FIRST_DEVELOPMENT_SEED]
    runs = [read(record) for record in records if record.result is not None]
    for task in sorted({run.task for run in runs}):
        of_task = [run for run in runs if run.task == task]
        methods, seeds = ({getattr(r, n) for r in of_task} for n in ("method", "seed"))
        print(f"\n{task}: {len(of_task)} runs, methods {', '.join(sorted(methods))}; ", end="")
        print(f"seeds {', '.join(map(str, sorted(seeds)))}\n")
        print("| estimator | row x seed SD | SD by val patients | worst group | balanced", end="")
        print(" | below the best cut | extreme |\n|---|---|---|---|---|---|---|")
        for name, estimator in ESTIMATORS.items():
            wander = float(np.sqrt(np.mean([wandering(r, estimator) ** 2 for r in of_task])))
            print(line(name, of_task, lambda r, e=estimator: e(r.labels, r.logits), wander))
        print(line("the best cut on test, which nobody knows", of_task, lambda r: r.best_cut, None))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
