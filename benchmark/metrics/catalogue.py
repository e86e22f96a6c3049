"""Every metric in one table: title, meaning, direction, limits, format, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "neither"]
Needs = Literal["images", "positives", "negatives", "every class"]
Per = Literal["group", "cell", "attribute", "run"]


@dataclass(frozen=True)
class Metric:
    """How a metric is shown, and what a group must contain for it to be defined."""

    title: str
    better: Better
    meaning: str
    needs: Needs  # in every group it is computed on; without it the value is undefined
    per: Per = "group"  # "attribute": one value over its groups; overall the largest of them
    fmt: str = "{:.3f}"
    limits: tuple[float, float] = (0.0, 1.0)  # no value and no interval lies outside

    def format(self, value: float | None) -> str:
        """Return the value as it is printed; an undefined one is a word, never a number."""
        return "undefined" if value is None else self.fmt.format(value)


PERCENT = "{:.1%}"

METRICS: dict[str, Metric] = {
    "worst_group_accuracy": Metric(
        "Worst-group accuracy",
        "higher",
        "Share of correct answers in the worst cell. A cell is one label in one group.",
        "every class",
        "run",
        PERCENT,
    ),
    "cell_accuracy": Metric(
        "Cell accuracy",
        "higher",
        "Share of correct answers among the patients with one label in one group.",
        "images",
        "cell",
        PERCENT,
    ),
    "accuracy": Metric(
        "Accuracy",
        "higher",
        "Share of correct answers. It depends on the mix of labels.",
        "images",
        fmt=PERCENT,
    ),
    "balanced_accuracy": Metric(
        "Balanced accuracy",
        "higher",
        "Mean over the labels of the share of correct answers; a rare label counts as much as a "
        "common one.",
        "every class",
        fmt=PERCENT,
    ),
    "auroc": Metric(
        "AUROC",
        "higher",
        "Probability that a patient with the condition gets a higher score than one without it.",
        "every class",
    ),
    "sensitivity": Metric(
        "Sensitivity",
        "higher",
        "Share of patients with the condition whose answer is positive.",
        "positives",
        fmt=PERCENT,
    ),
    "specificity": Metric(
        "Specificity",
        "higher",
        "Share of patients without the condition whose answer is negative.",
        "negatives",
        fmt=PERCENT,
    ),
    "selection_rate": Metric(
        "Selection rate",
        "neither",
        "Share of all patients whose answer is positive, correct or not.",
        "images",
        fmt=PERCENT,
    ),
    "brier": Metric(
        "Brier score",
        "lower",
        "Mean squared distance between probability and truth: 0 is perfect, 1 is always wrong and "
        "certain.",
        "images",
    ),
    "log_loss": Metric(
        "Log loss",
        "lower",
        "Mean negative log probability of the true label, in nats; a confident mistake costs most.",
        "images",
        limits=(0.0, float("inf")),
    ),
    "expected_calibration_error": Metric(
        "Calibration error",
        "lower",
        "Mean distance between predicted probability and observed frequency, in ten bins.",
        "images",
    ),
    "balanced_accuracy_gap": Metric(
        "Balanced accuracy gap",
        "lower",
        "Balanced accuracy of the best group minus that of the worst group.",
        "every class",
        "attribute",
        PERCENT,
    ),
    "auroc_gap": Metric(
        "AUROC gap",
        "lower",
        "AUROC of the best group minus that of the worst group.",
        "every class",
        "attribute",
    ),
    "equalized_odds_difference": Metric(
        "Equalized odds difference",
        "lower",
        "Largest difference between groups in the rate of any answer among patients with the same "
        "true label.",
        "every class",
        "attribute",
        PERCENT,
    ),
    "demographic_parity_difference": Metric(
        "Demographic parity difference",
        "lower",
        "Largest difference between groups in the rate of any answer, correct or not.",
        "images",
        "attribute",
        PERCENT,
    ),
}
