"""Every metric in one table: what it means, how it is shown, and how it is computed.

A new metric is one function and one entry here. Scoring, the page, its glossary and the reference
follow. "Answers" are the confusion counts of fairness.py, (resamples, groups, true class,
predicted class).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmark.metrics import calibration, fairness, performance

Better = Literal["higher", "lower", "neither"]
Needs = Literal["images", "positives", "negatives", "every class"]
Per = Literal["group", "cell", "attribute", "run"]


@dataclass(frozen=True)
class Metric:
    """How a metric is shown, computed, and what a group must contain for it to be defined.

    reads and function belong together:

    - "answers": function(counts) for all groups at once;
    - "probabilities": function(labels, probability, weights) for one group at a time, with shapes
      (n,), (n, classes) and (resamples, n), returning (resamples,);
    - the name of another metric: function(values of that metric).

    per says what function returns, NaN where it is undefined:

    - "group": (resamples, groups), one value for everybody and for every group;
    - "cell": (resamples, groups, classes), one for every label in every group;
    - "attribute": (resamples,), one over the groups of an attribute; overall, the worst of them;
    - "run": (resamples,), the worst cell of an attribute; overall, the worst of them.
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
    in_details: bool = True  # shown where a row of the page is opened

    def format(self, value: float | None) -> str:
        """Return the value as it is printed; an undefined one is a word, never a number."""
        return "undefined" if value is None else self.fmt.format(value)

    @property
    def over(self) -> str:
        """Which of the attributes' values is shown overall: "largest", "smallest" or ""."""
        if self.per != "attribute":
            return ""
        return "smallest" if self.better == "higher" else "largest"


PERCENT = "{:.1%}"

METRICS: dict[str, Metric] = {
    "worst_group_accuracy": Metric(
        "Worst-group accuracy",
        "higher",
        "Share of correct answers in the worst cell. A cell is one label in one group.",
        "every class",
        "cell_accuracy",
        fairness.worst_cell,
        "run",
        PERCENT,
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
    ),
    "brier": Metric(
        "Brier score",
        "lower",
        "Mean squared distance between probability and truth: 0 is perfect, 1 is always wrong and "
        "certain.",
        "images",
        "probabilities",
        performance.brier,
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
    ),
}
