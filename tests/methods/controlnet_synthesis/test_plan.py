import numpy as np
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.generation.patient_requests import cell_sizes
from methods.controlnet_synthesis.plan import plan_patients

TASK = toy_task(2, 2)
TRAIN = TASK.load(Source(image_size=16, train=100, val=8, test=8), TASK.knobs.variant(), 0).train


def planned(mode, ratio=1.0):
    rows = plan_patients(TRAIN, TASK.card, mode, ratio, np.random.default_rng(0))
    cells, n = TASK.card.encode_cells(rows)
    return rows, np.bincount(cells, minlength=n)


def test_even_asks_for_as_many_of_every_cell():
    assert list(planned("even")[1]) == [25, 25, 25, 25]


def test_fill_asks_for_what_the_smallest_cells_lack():
    there = cell_sizes(TRAIN, TASK.card)
    added = planned("fill")[1]
    assert added.sum() == 100 and added.min() >= 6  # a quarter is spread over all four cells
    assert (there + added).std() < there.std()
    assert planned("fill", ratio=0.1)[1].sum() == 10


def test_fill_without_a_number_asks_for_as_many_as_all_cells_lack():
    there = cell_sizes(TRAIN, TASK.card)
    assert planned("fill", ratio=0)[1].sum() == (there.max() - there).sum()


def test_copy_keeps_the_joint_distribution():
    shares = planned("copy", ratio=20)[1] / 2000
    assert shares == pytest.approx(cell_sizes(TRAIN, TASK.card) / 100, abs=0.04)


def test_random_keeps_labels_and_frees_attributes():
    rows, _ = planned("random", ratio=20)
    labels = (TRAIN.table["label"] == "high").mean()
    assert (rows["label"] == "high").mean() == pytest.approx(labels, abs=0.04)
    of_high = rows.loc[rows["label"] == "high", "site"]
    assert (of_high == "north").mean() == pytest.approx(0.5, abs=0.05)
