"""Cards and small tables that the metrics are tried on."""

import numpy as np
import pandas as pd
import pytest

from benchmark.api.card import Attribute, TaskCard


def make_card(classes, attributes, intersections=()):
    return TaskCard(
        name="toy",
        version=1,
        title="Toy",
        question="Which?",
        classes=classes,
        attributes=tuple(Attribute(name, values, name) for name, values in attributes.items()),
        intersections=intersections,
        channels=("image",),
        mask_labels=(),
        field_of_view_mm=None,
        main_metric="worst_group_accuracy",
        citation="",
    )


@pytest.fixture
def card():
    """Two classes, two attributes of two and three values, one intersection."""
    attributes = {"sex": ("female", "male"), "age": ("young", "middle", "old")}
    return make_card(("well", "ill"), attributes, (("sex", "age"),))


@pytest.fixture
def comma_card():
    """Values with a comma, whose joined words do not say where one ends."""
    attributes = {
        "ethnicity": ("Asian", "Asian, other"),
        "age": ("under 50", "50, or over"),
    }
    return make_card(("well", "ill"), attributes, (("ethnicity", "age"),))


@pytest.fixture
def three_class_card():
    return make_card(("a", "b", "c"), {"site": ("x", "y", "z")})


@pytest.fixture
def sex_card():
    return make_card(("well", "ill"), {"sex": ("female", "male")})


@pytest.fixture
def eight_rows():
    """Four val rows that put the threshold at 0.5, then eight test rows, worked by hand.

    female: well 0.1 0.2, ill 0.4 0.9; male: well 0.3 0.6, ill 0.7 0.8
    """
    positive = [0.2, 0.4, 0.6, 0.8, 0.1, 0.2, 0.4, 0.9, 0.3, 0.6, 0.7, 0.8]
    table = pd.DataFrame(
        {
            "image_id": [f"image-{row:02d}" for row in range(12)],
            "patient_id": [f"patient-{row:02d}" for row in range(12)],
            "split": ["val"] * 4 + ["test"] * 8,
            "label": ["well", "well", "ill", "ill"] * 3,
            "sex": ["female", "male"] * 2 + ["female"] * 4 + ["male"] * 4,
        }
    )
    table["probability_0"] = 1 - np.array(positive)
    table["probability_1"] = positive
    return table


@pytest.fixture
def draw_predictions():
    """A maker of random predictions for a card: draw(card, n, seed), half val and half test."""

    def draw(card, n, seed):
        rng = np.random.default_rng(seed)
        labels = rng.integers(len(card.classes), size=n)
        scores = rng.normal(size=(n, len(card.classes))) + 1.2 * np.eye(len(card.classes))[labels]
        probability = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        table = pd.DataFrame(
            {
                "image_id": [f"image-{row}" for row in range(n)],
                "patient_id": [f"patient-{row}" for row in range(n)],
                "split": np.where(np.arange(n) % 2, "test", "val"),
                "label": np.array(card.classes)[labels],
            }
        )
        for attribute in card.attributes:
            table[attribute.name] = rng.choice(attribute.values, n)
        for index in range(len(card.classes)):
            table[f"probability_{index}"] = probability[:, index]
        return table

    return draw


@pytest.fixture(scope="session")
def row():
    """A maker of one row's draws: a value per seed; all seeds test the same patients."""

    def make(values, spread=0.01, seed=0, resamples=200):
        noise = spread * np.random.default_rng(seed).normal(size=(1, resamples))
        values = np.array(values)[:, None]
        return np.hstack([values, values + noise])

    return make
