"""The controls of generative methods: what they add, and how often it is drawn."""

import numpy as np
import pytest

from baselines.controls import duplicate_real, ideal_synthesis
from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.generation.patient_requests import cell_sizes
from benchmark.running import predictions
from methods.shared import classifier_side

TASK = toy_task(2, 2)
SPLITS = TASK.load(Source(image_size=32, train=60, val=16, test=8), TASK.knobs.variant(), 0)


@pytest.fixture
def learned(make_spec, monkeypatch):
    """Fit a control and return what the classifier would have been trained on."""

    def fit(method, train=SPLITS.train):
        seen = {}

        def catch(train, val, ctx, draw_weights):
            seen.update(train=train, weights=draw_weights)

        monkeypatch.setattr(classifier_side, "train_classifier", catch)
        ctx = predictions.make_context(TASK, method, make_spec(), lambda line: None)
        method.fit(train, SPLITS.val, ctx)
        return seen["train"], seen["weights"]

    return fit


@pytest.mark.parametrize(
    "method",
    [
        duplicate_real.DuplicateReal(mode="even"),
        ideal_synthesis.IdealSynthesis(mode="even"),
    ],
)
def test_as_many_are_added_as_there_were_and_drawn_half_of_the_time(learned, method):
    both, weights = learned(method)
    assert len(both) == 120
    assert weights[60:].sum() == pytest.approx(0.5)
    added = cell_sizes(both, TASK.card) - cell_sizes(SPLITS.train, TASK.card)
    assert list(added) == [15, 15, 15, 15]


def test_the_smallest_cells_are_filled_first_if_the_method_does_so(learned):
    both, _ = learned(duplicate_real.DuplicateReal(mode="fill", ratio=1))
    before, after = cell_sizes(SPLITS.train, TASK.card), cell_sizes(both, TASK.card)
    assert after.std() < before.std() and (after - before).min() >= 3


def test_real_images_and_copies_are_in_the_same_detail(learned):
    both, _ = learned(duplicate_real.DuplicateReal())
    copied = {image.tobytes() for image in both.images[60:]}
    assert copied <= {image.tobytes() for image in both.images[:60]}
    assert not np.array_equal(both.images[:60], SPLITS.train.images)


def test_copies_are_of_the_same_cell_and_ideal_patients_are_new(learned):
    copies, _ = learned(duplicate_real.DuplicateReal(harmonise="none"))
    real = {image.tobytes() for image in np.asarray(SPLITS.train.images)}
    assert all(image.tobytes() in real for image in copies.images[60:])
    ideal, _ = learned(ideal_synthesis.IdealSynthesis(harmonise="none"))
    assert not any(image.tobytes() in real for image in ideal.images[60:])


def test_a_cell_that_nobody_is_in_cannot_be_copied(learned):
    cells, _ = TASK.card.encode_cells(SPLITS.train.table)
    lacking = SPLITS.train.take(np.flatnonzero(cells != 1))
    both, _ = learned(duplicate_real.DuplicateReal(), lacking)
    assert cell_sizes(both, TASK.card)[1] == 0
