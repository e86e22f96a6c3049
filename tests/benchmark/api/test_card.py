import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.data import Source, Split, default_cache


@pytest.fixture
def card():
    return TaskCard(
        name="some_task",
        version=1,
        title="",
        question="",
        classes=("healthy", "ill"),
        attributes=(
            Attribute("sex", ("female", "male"), "Sex"),
            Attribute("age", ("young", "middle", "old"), "Age", "years", (40, 60)),
        ),
        intersections=(("sex", "age"),),
        channels=("one",),
        mask_labels=("organ",),
        field_of_view_mm=None,
        main_metric="worst_group_accuracy",
        citation="",
    )


@pytest.fixture
def table():
    return pd.DataFrame(
        {"label": ["ill", "healthy"], "sex": ["female", "male"], "age": ["old", "young"]}
    )


def test_labels_are_numbered_in_the_cards_order(card, table):
    assert card.encode_labels(table).tolist() == [1, 0]


def test_groups_are_numbered_with_the_last_attribute_fastest(card, table):
    index, names = card.encode_groups(table)
    assert index.tolist() == [2, 3]
    assert [names[i] for i in index] == [("female", "old"), ("male", "young")]


def test_groups_of_one_attribute(card, table):
    index, names = card.encode_groups(table, ["age"])
    assert [names[i] for i in index] == [("old",), ("young",)]


def test_cells_are_label_times_group(card, table):
    cells, n = card.encode_cells(table)
    assert (cells.tolist(), n) == ([6 + 2, 3], 12)


def test_all_cells_are_listed_in_words(card):
    cells = card.cells()
    assert len(cells) == 12
    assert cells.iloc[-1].tolist() == ["ill", "male", "old"]


def test_an_attribute_that_bands_a_number_needs_an_edge_between_its_values():
    with pytest.raises(ValueError, match="age has 3 values and 1 edges; it needs 2"):
        Attribute("age", ("young", "middle", "old"), "Age", "years", (40,))


def test_an_unknown_word_is_named_with_what_is_allowed(card, table):
    table.loc[0, "sex"] = "F"
    with pytest.raises(ValueError, match=r"sex holds 'F'\. Allowed: female, male"):
        card.encode_groups(table)


def test_a_missing_value_is_refused(card, table):
    table.loc[0, "label"] = None
    with pytest.raises(ValueError, match="label holds"):
        card.encode_labels(table)


def test_a_card_survives_json(card):
    assert TypeAdapter(TaskCard).validate_json(json.dumps(card.as_dict())) == card


def test_an_unknown_attribute_is_named_with_the_known_ones(card):
    with pytest.raises(KeyError, match=r"no attribute 'bmi'\. Its attributes: sex, age"):
        card.attribute("bmi")


def test_take_gives_rows_in_the_order_asked_for(table):
    split = Split(np.arange(2).reshape(2, 1, 1, 1), np.zeros((2, 1, 1, 1)), table)
    taken = split.take(np.array([1, 0, 1]))
    assert taken.images.ravel().tolist() == [1, 0, 1]
    assert taken.table["label"].tolist() == ["healthy", "ill", "healthy"]


def test_the_cache_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    assert default_cache() == tmp_path == Source().cache


SEX, TWICE = Attribute("sex", ("female", "male"), "Sex"), Attribute("bmi", ("low", "low"), "BMI")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": ("ill",)}, r"it needs two classes and has \('ill',\)"),
        ({"classes": ("ill", "ill")}, r"its classes are \('ill', 'ill'\); each must be there once"),
        ({"attributes": (), "intersections": ()}, "it needs an attribute and has none"),
        ({"attributes": (SEX, SEX), "intersections": ()}, r"its attributes are \('sex', 'sex'\)"),
        ({"attributes": (SEX, TWICE), "intersections": ()}, "its values of bmi are"),
        ({"intersections": (("sex", "bmi"),)}, "an intersection names 'bmi'; allowed: sex, age"),
        ({"population": (("bmi", (1.0,)),)}, "population names 'bmi'; allowed: sex, age, label"),
    ],
)
def test_a_card_that_cannot_be_used_is_refused(card, change, words):
    with pytest.raises(ValueError, match=words):
        replace(card, **change)


def test_a_population_may_name_the_label(card):
    assert replace(card, population=(("label", (0.9, 0.1)),)).population[0][0] == "label"
