"""The ceiling of a cell and the regret of a run, worked by hand."""

import numpy as np
import pandas as pd
import pytest

from benchmark.api.scores import ScoreKey
from benchmark.metrics.ceiling import NO_CEILING, cell_accuracies
from benchmark.metrics.scoring import score_predictions


def key(values, label, attributes=("sex",)):
    return ScoreKey("cell_accuracy", attributes, values, label)


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


# The eight rows: women well 2 of 2, ill 1 of 2; men well 1 of 2, ill 2 of 2.
CEILINGS = {
    key(("female",), "well"): 0.9,
    key(("female",), "ill"): 0.75,
    key(("male",), "well"): 0.95,
    key(("male",), "ill"): 1.0,
}


def regret(table, card, ceilings):
    scored = score_predictions(table, card, ceilings=ceilings, resamples=50)
    (found,) = [score for score in scored.scores if score.key == ScoreKey("worst_cell_regret")]
    return found, scored.draws[found.key]


def test_regret_is_largest_where_most_could_be_won(eight_rows, sex_card):
    """Two cells have 0.5: the ill women are 0.25 below what can be learnt, the well men 0.45."""
    found, draws = regret(eight_rows, sex_card, CEILINGS)
    assert found.value == pytest.approx(0.45)
    assert found.note.startswith("sex=male, well") and found.n == 2
    assert len(draws) == 51 and draws[0] == pytest.approx(0.45)


def test_regret_has_an_interval_that_lies_around_the_value_less_its_bias(sex_card):
    """Both ill cells are truly at 0.5, so the worse of them is above 0.45 by chance alone."""
    women = [("female", "ill", p) for p in [0.9] * 48 + [0.1] * 52]
    men = [("male", "ill", p) for p in [0.9] * 50 + [0.1] * 50]
    well = [(sex, "well", 0.2) for sex in ("female", "male")] * 50
    table = pd.DataFrame([*women, *men, *well], columns=["sex", "label", "probability_1"])
    table["split"] = "test"
    val = pd.DataFrame({"sex": "female", "label": ["ill", "well"], "probability_1": [0.9, 0.1]})
    table = pd.concat([table, val.assign(split="val")], ignore_index=True)
    names = [f"p{row}" for row in range(len(table))]
    table = table.assign(probability_0=1 - table["probability_1"], image_id=names, patient_id=names)
    even = dict.fromkeys(CEILINGS, 0.95)
    found, draws = regret(table, sex_card, even)
    assert found.value == pytest.approx(0.47)
    assert found.low < 0.45 < found.high
    assert draws[1:].mean() > 0.47
    assert found.high - found.value < found.value - found.low


def test_a_run_above_every_ceiling_has_a_regret_below_zero(eight_rows, sex_card):
    found, _ = regret(eight_rows, sex_card, {cell: 0.45 for cell in CEILINGS})
    assert found.value == pytest.approx(-0.05)


def test_intersections_do_not_count(card, draw_predictions):
    table = draw_predictions(card, 200, 0)
    labels, ones = card.classes, [(a, value) for a in card.attributes for value in a.values]
    even = {key((value,), label, (a.name,)): 0.9 for a, value in ones for label in labels}
    deep = {
        key(group, label, names): 1.0
        for names in card.intersections
        for group in card.group_names(names)
        for label in labels
    }
    assert regret(table, card, even | deep)[0] == regret(table, card, even)[0]


def test_without_a_ceiling_regret_is_undefined_with_the_reason(eight_rows, sex_card):
    found, _ = regret(eight_rows, sex_card, {})
    assert (found.value, found.low, found.note) == (None, None, NO_CEILING)


def test_one_cell_without_a_ceiling_leaves_regret_undefined(eight_rows, sex_card):
    """The largest distance of the other cells would be too small."""
    some = {cell: best for cell, best in CEILINGS.items() if cell.label == "ill"}
    assert regret(eight_rows, sex_card, some)[0].value is None
