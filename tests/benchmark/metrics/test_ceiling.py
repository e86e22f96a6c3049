"""The ceiling of a cell and the regret of a row, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmark.api.scores import ScoreKey
from benchmark.metrics.ceiling import Regret, cell_accuracies, worst_cell_regret


def key(values, label, attributes=("sex",)):
    return ScoreKey("cell_accuracy", attributes, values, label)


CEILING = {key(("female",), "ill"): 0.8, key(("male",), "ill"): 0.95}


def test_the_ceiling_counts_the_right_answers_of_every_cell(sex_card):
    people = [("female", "ill")] * 4 + [("male", "ill"), ("male", "well")]
    table = pd.DataFrame(people, columns=["sex", "label"])
    answers = np.array([1, 1, 1, 0, 1, 1])
    # Three of four ill women, the ill man, not the well man; nobody is a well woman.
    assert cell_accuracies(sex_card, table, answers) == {
        key(("female",), "ill"): 0.75,
        key(("male",), "ill"): 1.0,
        key(("male",), "well"): 0.0,
    }


def test_the_ceiling_has_the_declared_intersections_too(card):
    table = card.cells()
    found = cell_accuracies(card, table, card.encode_labels(table))
    assert {k.attributes for k in found} == {("sex",), ("age",), ("sex", "age")}


def test_the_regret_is_largest_where_most_could_be_won_not_where_least_is_right():
    # The ill women are the worst cell with 0.7; the ill men are 0.15 below what can be learnt.
    row = {key(("female",), "ill"): 0.7, key(("male",), "ill"): 0.8}
    found = worst_cell_regret(CEILING, row)
    assert found is not None
    assert found.points == pytest.approx(0.15)
    assert found.cell == key(("male",), "ill")


def test_a_row_above_every_ceiling_has_a_regret_below_zero():
    row = {key(("female",), "ill"): 0.9, key(("male",), "ill"): 1.0}
    found = worst_cell_regret(CEILING, row)
    assert found is not None
    assert found.points == pytest.approx(-0.05)


def test_cells_of_several_attributes_are_no_headline_cells():
    deep = key(("female", "old"), "ill", ("sex", "age"))
    row = {key(("female",), "ill"): 0.8, key(("male",), "ill"): 0.95, deep: 0.1}
    assert worst_cell_regret(CEILING | {deep: 0.9}, row) == Regret(0.0, key(("female",), "ill"))


@pytest.mark.parametrize("lacks", [{}, {key(("male",), "ill"): None}])
def test_no_regret_where_a_cell_is_missing_or_undefined(lacks):
    assert worst_cell_regret(CEILING, {key(("female",), "ill"): 0.7, **lacks}) is None


def test_no_regret_without_a_ceiling():
    assert worst_cell_regret({}, {key(("female",), "ill"): 0.7}) is None
