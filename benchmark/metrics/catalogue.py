"""Every metric in one table: what it means, how it is shown, and how it is computed.

A new metric is one function and one entry here. Scoring, the page, its glossary and the reference
follow. "Answers" are the confusion counts of fairness.py, (resamples, groups, true class,
predicted class), under the decision rule that the engine fits on val; "own answers" are those at
the method's own operating point.

A version changes whenever a metric's value changes for the same predictions. 2: the decision rule
is a class-balanced logistic regression (decision.py) and no longer the empirical optimum on val.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmark.metrics import calibration, decision, fairness, performance

Better = Literal["higher", "lower", "neither"]
Needs = Literal["images", "positives", "negatives", "every class"]
Per = Literal["group", "cell", "attribute", "run", "everybody"]
Patients = Literal["test", "recruited"]


@dataclass(frozen=True)
class Metric:
    """How a metric is shown, computed, and what a group must contain for it to be defined.

    reads and function belong together:

    - "answers", "own answers": function(counts) for all groups at once;
    - "probabilities": function(labels, probability, weights) for one group at a time, with shapes
      (n,), (n, classes) and (resamples, n), returning (resamples,);
    - "below ceiling": function(distances), (resamples, groups, classes): ceiling less accuracy;
    - the name of another metric: function(values of that metric).

    per says what function returns, NaN where it is undefined:

    - "group": (resamples, groups), one value for everybody and for every group;
    - "cell": (resamples, groups, classes), one for every label in every group;
    - "attribute": (resamples,), one over the groups of an attribute; overall, the worst of them;
    - "run": (resamples, groups) or (resamples, groups, classes); the run's value is the worst of
      them over all single attributes;
    - "everybody": as "group", for everybody only.

    patients: "test" is the balanced test population; "recruited" is drawn as the training
    hospital recruits, and only digital cohorts have it.
    """

    title: str
    better: Better
    meaning: str
    needs: Needs  # in every group it is computed on; without it the value is undefined
    reads: str
    function: Callable[..., np.ndarray]
    per: Per = "group"
    fmt: str = "{:.3f}"
    limits: tuple[float, float] = (0.0, 1.0)  # no value and no interval lies outside
    two_classes: bool = False  # exists for two classes only
    keeps_draws: bool = True  # its overall interval covers seeds as well as patients
    group_draws: bool = False  # draws are kept of every group of single attributes too
    in_details: bool = True  # shown where a row of the page is opened
    patients: Patients = "test"
    version: int = 1

    def format(self, value: float | None) -> str:
        """Return the value as it is printed; an undefined one is a word, never a number."""
        return "undefined" if value is None else self.fmt.format(value)

    @property
    def over(self) -> str:
        """Which of the attributes' values is shown overall: "largest", "smallest" or ""."""
        return self.worst if self.per == "attribute" else ""

    @property
    def worst(self) -> str:
        """Which of several values is the worst."""
        return "smallest" if self.better == "higher" else "largest"


PERCENT = "{:.1%}"

METRICS: dict[str, Metric] = {
    "worst_group_accuracy": Metric(
        "Worst-group accuracy",
        "higher",
        "Share of correct answers in the worst cell. A cell is one label in one group.",
        "every class",
        "answers",
        fairness.cell_accuracy,
        "run",
        PERCENT,
        version=decision.VERSION,
    ),
    "worst_group_auroc": Metric(
        "Worst-group AUROC",
        "higher",
        "AUROC of the group where it is lowest. It needs no threshold.",
        "every class",
        "auroc",
        fairness.every_group,
        "run",
    ),
    "worst_group_accuracy_own": Metric(
        "Worst-group accuracy at own threshold",
        "higher",
        "Worst-group accuracy at the method's own operating point: the threshold that it brings, "
        "or else the most probable class. All other answers follow the rule of the benchmark.",
        "every class",
        "own answers",
        fairness.cell_accuracy,
        "run",
        PERCENT,
    ),
    "worst_cell_regret": Metric(
        "Worst-cell regret",
        "lower",
        "How far accuracy lies below the ceiling in the cell where that is most. The ceiling is "
        "the cell's accuracy after a large training that was balanced over all cells, so a cell "
        "that is hard for everybody counts for nothing. Chance makes the largest of many "
        "distances too large; the interval lies around the value less that bias.",
        "every class",
        "below ceiling",
        fairness.every_group,
        "run",
        PERCENT,
        limits=(-1.0, 1.0),
    ),
    "cell_accuracy": Metric(
        "Cell accuracy",
        "higher",
        "Share of correct answers among the patients with one label in one group.",
        "images",
        "answers",
        fairness.cell_accuracy,
        "cell",
        PERCENT,
        version=decision.VERSION,
    ),
    "balanced_accuracy": Metric(
        "Balanced accuracy",
        "higher",
        "Mean over the labels of the share of correct answers; a rare label counts as much as a "
        "common one.",
        "every class",
        "answers",
        fairness.balanced_accuracy,
        fmt=PERCENT,
        version=decision.VERSION,
        group_draws=True,
    ),
    "sensitivity": Metric(
        "Sensitivity",
        "higher",
        "Share of patients with the condition whose answer is positive.",
        "positives",
        "answers",
        fairness.sensitivity,
        fmt=PERCENT,
        two_classes=True,
        keeps_draws=False,
        version=decision.VERSION,
    ),
    "specificity": Metric(
        "Specificity",
        "higher",
        "Share of patients without the condition whose answer is negative.",
        "negatives",
        "answers",
        fairness.specificity,
        fmt=PERCENT,
        two_classes=True,
        keeps_draws=False,
        version=decision.VERSION,
    ),
    "auroc": Metric(
        "AUROC",
        "higher",
        "Probability that a patient with the condition gets a higher score than one without it.",
        "every class",
        "probabilities",
        performance.auroc,
    ),
    "expected_calibration_error": Metric(
        "Calibration error",
        "lower",
        "Mean distance between predicted probability and observed frequency, in ten bins.",
        "images",
        "probabilities",
        calibration.expected_calibration_error,
    ),
    "accuracy": Metric(
        "Accuracy",
        "higher",
        "Share of correct answers. It depends on the mix of labels.",
        "images",
        "answers",
        fairness.accuracy,
        fmt=PERCENT,
        in_details=False,
        version=decision.VERSION,
    ),
    "selection_rate": Metric(
        "Selection rate",
        "neither",
        "Share of all patients whose answer is positive, correct or not.",
        "images",
        "answers",
        fairness.selection_rate,
        fmt=PERCENT,
        two_classes=True,
        keeps_draws=False,
        in_details=False,
        version=decision.VERSION,
    ),
    "brier": Metric(
        "Brier score",
        "lower",
        "Mean squared distance between probability and truth: 0 is perfect, 1 is always wrong and "
        "certain.",
        "images",
        "probabilities",
        performance.brier,
        keeps_draws=False,
        in_details=False,
    ),
    "log_loss": Metric(
        "Log loss",
        "lower",
        "Mean negative log probability of the true label, in nats; a confident mistake costs most.",
        "images",
        "probabilities",
        performance.log_loss,
        limits=(0.0, float("inf")),
        keeps_draws=False,
        in_details=False,
    ),
    "balanced_accuracy_gap": Metric(
        "Balanced accuracy gap",
        "lower",
        "Balanced accuracy of the best group minus that of the worst group.",
        "every class",
        "balanced_accuracy",
        fairness.gap,
        "attribute",
        PERCENT,
        version=decision.VERSION,
    ),
    "auroc_gap": Metric(
        "AUROC gap",
        "lower",
        "AUROC of the best group minus that of the worst group.",
        "every class",
        "auroc",
        fairness.gap,
        "attribute",
    ),
    "equalized_odds_difference": Metric(
        "Equalized odds difference",
        "lower",
        "Largest difference between groups in the rate of any answer among patients with the same "
        "true label.",
        "every class",
        "answers",
        fairness.equalized_odds_difference,
        "attribute",
        PERCENT,
        version=decision.VERSION,
    ),
    "demographic_parity_difference": Metric(
        "Demographic parity difference",
        "lower",
        "Largest difference between groups in the rate of any answer, correct or not.",
        "images",
        "answers",
        fairness.demographic_parity_difference,
        "attribute",
        PERCENT,
        version=decision.VERSION,
    ),
    "recruited_accuracy": Metric(
        "Accuracy as recruited",
        "higher",
        "Share of correct answers among patients drawn as the training hospital recruits.",
        "images",
        "answers",
        fairness.accuracy,
        "everybody",
        patients="recruited",
        fmt=PERCENT,
        version=decision.VERSION,
        in_details=False,
    ),
    "recruited_auroc": Metric(
        "AUROC as recruited",
        "higher",
        "AUROC among patients drawn as the training hospital recruits.",
        "every class",
        "probabilities",
        performance.auroc,
        "everybody",
        patients="recruited",
        in_details=False,
    ),
    "recruited_calibration_error": Metric(
        "Calibration error as recruited",
        "lower",
        "Calibration error among patients drawn as the training hospital recruits.",
        "images",
        "probabilities",
        calibration.expected_calibration_error,
        "everybody",
        patients="recruited",
        in_details=False,
    ),
}
