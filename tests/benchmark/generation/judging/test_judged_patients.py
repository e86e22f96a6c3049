import numpy as np
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.generation.judging.judged_patients import judged_patients, level_that_gives

TASK = toy_task(2, 2)
TEST = TASK.load(Source(image_size=4, train=4, val=4, test=80), TASK.knobs.variant(), 0).test


def sizes(split):
    cells, n = TASK.card.encode_cells(split.table)
    return np.bincount(cells, minlength=n).tolist()


def test_every_cell_gives_the_same_number_rounded_up():
    assert sizes(judged_patients(TEST, TASK.card, 22)) == [6, 6, 6, 6]


def test_images_stay_with_their_rows():
    chosen = judged_patients(TEST, TASK.card, 8)
    for k, name in enumerate(chosen.table["image_id"]):
        row = TEST.table.index[TEST.table["image_id"] == name][0]
        assert np.array_equal(chosen.images[k], TEST.images[row])


def test_small_cells_give_all_and_the_others_more():
    low = (TEST.table["label"] == "low").to_numpy()
    uneven = TEST.take(np.concatenate([np.flatnonzero(low)[:4], np.flatnonzero(~low)]))
    assert sizes(uneven) == [2, 2, 20, 20]
    assert sizes(judged_patients(uneven, TASK.card, 30)) == [2, 2, 13, 13]


def test_a_test_split_that_is_no_larger_is_taken_as_it_is():
    assert judged_patients(TEST, TASK.card, 80) is TEST


@pytest.mark.parametrize(("at_least", "level"), [(1, 1), (2, 1), (3, 2), (4, 3), (6, 5)])
def test_level_of_cells_of_5_1_and_0(at_least, level):
    assert level_that_gives(np.array([5, 1, 0]), at_least) == level
