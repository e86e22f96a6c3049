"""Every metric in one table: how it is said, which way is better, and what it cannot do without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Better = Literal["higher", "lower", "neither"]
Needs = Literal["images", "positives", "negatives", "every class"]


@dataclass(frozen=True)
class Metric:
    """How a metric is shown, and what a group must contain for it to be defined."""

    title: str
    better: Better
    meaning: str
    needs: Needs  # in every group it is computed on; without it the value is undefined
    fmt: str = "{:.3f}"
    limits: tuple[float, float] = (0.0, 1.0)  # no value and no interval lies outside

    def format(self, value: float | None) -> str:
        """Say the value as it is printed; an undefined one is a word, never a number."""
        return "undefined" if value is None else self.fmt.format(value)


PERCENT = "{:.1%}"

METRICS: dict[str, Metric] = {
    "worst_group_accuracy": Metric(
        "Worst-group accuracy",
        "higher",
        "Share answered correctly in the worst cell, a cell being one label in one group.",
        "every class",
        PERCENT,
    ),
    "cell_accuracy": Metric(
        "Cell accuracy",
        "higher",
        "Share answered correctly among patients of one label in one group.",
        "images",
        PERCENT,
    ),
    "accuracy": Metric(
        "Accuracy",
        "higher",
        "Share answered correctly; follows the mix of labels.",
        "images",
        PERCENT,
    ),
    "balanced_accuracy": Metric(
        "Balanced accuracy",
        "higher",
        "Mean over the labels of the share answered correctly, so that a rare label counts fully.",
        "every class",
        PERCENT,
    ),
    "auroc": Metric(
        "AUROC",
        "higher",
        "Chance that a patient with the condition gets a higher probability than one without.",
        "every class",
    ),
    "sensitivity": Metric(
        "Sensitivity",
        "higher",
        "Share of patients with the condition who are found.",
        "positives",
        PERCENT,
    ),
    "specificity": Metric(
        "Specificity",
        "higher",
        "Share of patients without the condition who are left in peace.",
        "negatives",
        PERCENT,
    ),
    "selection_rate": Metric(
        "Selection rate",
        "neither",
        "Share of all patients who are called positive, rightly or wrongly.",
        "images",
        PERCENT,
    ),
    "brier": Metric(
        "Brier score",
        "lower",
        "Mean squared distance between probability and truth; 0 is perfect, 1 is surely wrong.",
        "images",
    ),
    "log_loss": Metric(
        "Log loss",
        "lower",
        "Mean surprise at the truth in nats; one confident mistake costs much.",
        "images",
        limits=(0.0, float("inf")),
    ),
    "expected_calibration_error": Metric(
        "Calibration error",
        "lower",
        "How far a stated probability is from the share that comes true, on average.",
        "images",
    ),
    "balanced_accuracy_gap": Metric(
        "Balanced accuracy gap",
        "lower",
        "Best group's balanced accuracy minus the worst group's.",
        "every class",
        PERCENT,
    ),
    "auroc_gap": Metric(
        "AUROC gap", "lower", "Best group's AUROC minus the worst group's.", "every class"
    ),
    "equalized_odds_difference": Metric(
        "Equalized odds difference",
        "lower",
        "Largest difference between groups in how patients of one true label are answered.",
        "every class",
        PERCENT,
    ),
    "demographic_parity_difference": Metric(
        "Demographic parity difference",
        "lower",
        "Largest difference between groups in how often an answer is given, right or wrong.",
        "images",
        PERCENT,
    ),
}
