"""The metric that docs/reference/scores.md adds as an example works as it is written there."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from benchmark.api.card import Attribute, TaskCard
from benchmark.metrics import fairness
from benchmark.metrics.catalogue import METRICS, PERCENT, Metric
from benchmark.metrics.scoring import score_keys, score_predictions
from tests.docs.pages import ROOT, code_blocks

CARD = TaskCard(
    name="toy",
    version=1,
    title="Toy",
    question="Which?",
    classes=("well", "ill"),
    attributes=(Attribute("sex", ("female", "male"), "Sex"),),
    intersections=(),
    channels=("image",),
    mask_labels=(),
    field_of_view_mm=None,
    main_metric="worst_group_accuracy",
    citation="",
)


def example():
    page = (ROOT / "docs" / "reference" / "scores.md").read_text()
    return next(block for block in code_blocks(page) if "fairness.py" in block).split("\n\n")


@pytest.fixture
def predictions():
    """Of four ill women two are found, of four ill men all; the well are all right."""
    ill = [0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9]
    positive = [0.1, 0.9, *ill, *([0.1] * 8)]
    table = pd.DataFrame(
        {
            "image_id": [f"i{row:02d}" for row in range(18)],
            "patient_id": [f"p{row:02d}" for row in range(18)],
            "split": ["val"] * 2 + ["test"] * 16,
            "label": ["well", "ill", *(["ill"] * 8), *(["well"] * 8)],
            "sex": ["female", "male", *(["female"] * 4 + ["male"] * 4) * 2],
            "probability_1": positive,
        }
    )
    return table.assign(probability_0=1 - table["probability_1"])


@pytest.fixture
def added_metric(monkeypatch):
    """The metric of the page, in the catalogue for one test."""
    function, entry = example()
    names = {"np": np, "sensitivity": fairness.sensitivity}
    exec(function, names)
    monkeypatch.setattr(fairness, "lowest_sensitivity", names["lowest_sensitivity"], raising=False)
    added = eval(
        "{" + entry.split("\n", 1)[1] + "}",
        {"Metric": Metric, "fairness": fairness, "PERCENT": PERCENT},
    )
    monkeypatch.setitem(METRICS, "lowest_sensitivity", added["lowest_sensitivity"])


def test_the_example_of_a_metric_is_scored(predictions, added_metric):
    scored = score_predictions(predictions, CARD, resamples=20)
    overall = [
        s for s in scored.scores if s.key.metric == "lowest_sensitivity" and not s.key.attributes
    ]
    assert [score.value for score in overall] == [0.5]


def test_the_example_leaves_out_tasks_of_three_classes(predictions, added_metric):
    card = dataclasses.replace(CARD, classes=("well", "ill", "worse"))
    scored = score_predictions(predictions.assign(probability_2=0.0), card, resamples=20)
    assert not [s for s in scored.scores if s.key.metric == "lowest_sensitivity"]
    assert [s.key for s in scored.scores] == score_keys(card)
