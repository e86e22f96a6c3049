import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.api.card import Attribute
from benchmark.api.data import Source, Split
from benchmark.cohorts.toy import toy_task
from benchmark.generation.patient_requests import (
    cell_sizes,
    choose_mask_donors,
    enlarged,
    level_counts,
    requests_for,
)

counts = st.lists(st.integers(0, 40), min_size=1, max_size=8).map(np.array)


@pytest.mark.parametrize(
    ("there", "total", "added"),
    [((5, 1, 0), 5, (0, 2, 3)), ((5, 1, 0), None, (0, 4, 5)), ((2, 2), 4, (2, 2))],
)
def test_cells_are_filled_as_water_finds_its_level(there, total, added):
    assert tuple(level_counts(np.array(there), total)) == added


@given(counts, st.integers(0, 60))
def test_the_total_is_met_and_no_filled_cell_ends_above_another(there, total):
    added = level_counts(there, total)
    assert added.sum() == total
    filled = (there + added)[added > 0]
    assert not len(filled) or filled.max() - (there + added).min() <= 1


def test_requests_are_in_words_and_land_in_their_cells():
    card = toy_task(2, 2).card
    rows = requests_for(card, np.array([0, 2, 0, 1]))
    cells, _ = card.encode_cells(rows)
    assert list(cells) == [1, 1, 3]


def test_an_enlarged_split_keeps_the_real_patients_first():
    task = toy_task(2, 2)
    train = task.load(Source(image_size=16, train=20, val=8, test=8), task.knobs.variant(), 0).train
    rows = requests_for(task.card, np.array([1, 1, 1, 1]))
    images = np.zeros((4, *train.images.shape[1:]), np.float32)
    both = enlarged(train, images, np.zeros_like(train.masks[:4]), rows)
    assert len(both) == 24
    assert list(both.table) == list(train.table)
    assert (both.table.iloc[:20] == train.table).all(axis=None)
    assert both.table["image_id"].is_unique
    assert (cell_sizes(both, task.card) == cell_sizes(train, task.card) + 1).all()


def card_with_ages():
    age = Attribute("age", ("young", "middle", "old"), "Age")
    return dataclasses.replace(toy_task(2, 2).card, attributes=(age,), intersections=())


def table(*rows):
    return pd.DataFrame(rows, columns=["label", "age"])


def split_of(donors, without_mask=()):
    masks = np.ones((len(donors), 1, 4, 4), np.uint8)
    masks[list(without_mask)] = 0
    return Split(masks.astype(np.float32), masks, donors)


def owners_of(requests, donors, card, without_mask=()):
    split = split_of(donors, without_mask)
    return list(choose_mask_donors(requests, split, card, np.random.default_rng(0)))


def test_a_mask_comes_from_the_same_label_and_the_nearest_group():
    card = card_with_ages()
    donors = table(("low", "young"), ("low", "middle"), ("high", "old"), ("low", "young"))
    asked = table(("low", "old"), ("high", "young"), ("low", "young"), ("low", "young"))
    found = owners_of(asked, donors, card)
    assert found[:2] == [1, 2]
    assert sorted(found[2:]) == [0, 3]  # equally near ones take turns


def test_a_label_without_any_mask_is_an_error():
    with pytest.raises(ValueError, match="no patient with label 'high' has a mask"):
        owners_of(table(("high", "old")), table(("low", "old")), card_with_ages())


def test_a_patient_without_a_mask_owns_none():
    donors = table(("low", "young"), ("low", "old"))
    asked = table(("low", "young"))
    assert owners_of(asked, donors, card_with_ages(), without_mask=[0]) == [1]
    with pytest.raises(ValueError, match="no patient with label 'low' has a mask"):
        owners_of(asked, donors, card_with_ages(), without_mask=[0, 1])
