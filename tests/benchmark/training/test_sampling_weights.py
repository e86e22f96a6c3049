import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights, draw_batches


def test_balanced_weights_by_hand():
    # Cells of 3 and 1 images: each cell sums to a half.
    assert balanced_weights(np.array([0, 0, 0, 1])).tolist() == [1 / 6, 1 / 6, 1 / 6, 1 / 2]


def test_balanced_weights_stop_at_the_limit():
    weights = balanced_weights(np.array([0] * 100 + [1]), limit=10)
    assert weights[-1] / weights[0] == pytest.approx(10)


@given(arrays.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 7)))
@settings(deadline=None)
def test_without_a_limit_every_cell_that_has_images_weighs_the_same(cells):
    weights = balanced_weights(cells, limit=np.inf)
    sums = [weights[cells == cell].sum() for cell in np.unique(cells)]
    assert np.allclose(sums, 1 / len(sums))


def test_a_pass_shows_every_image_once():
    batches = draw_batches(10, 5, None, torch.Generator().manual_seed(0))
    assert sorted(torch.cat([next(batches), next(batches)]).tolist()) == list(range(10))


def test_draws_follow_the_weights():
    batches = draw_batches(3, 3, np.array([0.0, 0.9, 0.1]), torch.Generator().manual_seed(0))
    drawn = torch.cat([next(batches) for _ in range(400)])
    share = torch.bincount(drawn, minlength=3) / len(drawn)
    assert share[0] == 0
    assert share[1] == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1, 2, 3], r"shape \(3,\) for 160 images; give one weight per image of train"),
        ([-1] + [1] * 159, r"is -1 in row 0 \(1 such rows of 160\)"),
        ([1] * 159 + [np.inf], r"is inf in row 159"),
        ([np.nan] * 160, r"is nan in row 0 \(160 such rows"),
        ([0] * 160, "0 in every row"),
    ],
    ids=["length", "negative", "infinite", "nan", "zero"],
)
def test_weights_that_nothing_can_be_drawn_by_are_refused_before_training(weights, words, toy):
    splits, ctx = toy
    with pytest.raises(ValueError, match=words):
        train_classifier(splits.train, splits.val, ctx, draw_weights=np.array(weights))
    assert ctx.steps == 0
