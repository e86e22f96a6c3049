import numpy as np
import pandas as pd
import pytest

from benchmark.contracts import Attribute
from methods.diffusion.masks import choose_owners, deform


def card_with(task):
    import dataclasses

    age = Attribute("age", ("young", "middle", "old"), "Age")
    return dataclasses.replace(task.card, attributes=(age,), intersections=())


def table(*rows):
    return pd.DataFrame(rows, columns=["label", "age"])


def owners_of(requests, owners, card):
    return list(choose_owners(requests, owners, card, np.random.default_rng(0)))


def test_a_mask_comes_from_the_same_label_and_the_nearest_group(task):
    card = card_with(task)
    owners = table(("low", "young"), ("low", "middle"), ("high", "old"), ("low", "young"))
    asked = table(("low", "old"), ("high", "young"), ("low", "young"), ("low", "young"))
    found = owners_of(asked, owners, card)
    assert found[:2] == [1, 2]
    assert sorted(found[2:]) == [0, 3]  # equally near ones take turns


def test_a_label_without_any_mask_is_an_error(task):
    with pytest.raises(ValueError, match="no patient with label 'high' has a mask"):
        owners_of(table(("high", "old")), table(("low", "old")), card_with(task))


def test_deformed_masks_are_new_and_nearly_as_large():
    disc = (np.hypot(*np.mgrid[-32:32, -32:32]) < 15).astype(np.uint8)
    masks = np.broadcast_to(disc, (6, 2, 64, 64))
    moved = deform(masks, np.random.default_rng(0))
    assert moved.dtype == np.uint8 and set(np.unique(moved)) == {0, 1}
    assert (moved[:, 0] == moved[:, 1]).all()  # channels of one patient move together
    assert len({image.tobytes() for image in moved}) == 6
    assert moved.sum((1, 2, 3)) == pytest.approx(masks.sum((1, 2, 3)), rel=0.12)
