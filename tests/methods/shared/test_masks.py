import numpy as np
import pytest

from methods.shared.masks import deform


def test_nobodys_mask_is_nobodys():
    assert len(deform(np.zeros((0, 1, 8, 8), np.uint8), np.random.default_rng(0))) == 0


def test_deformed_masks_are_new_and_nearly_as_large():
    disc = (np.hypot(*np.mgrid[-32:32, -32:32]) < 15).astype(np.uint8)
    masks = np.broadcast_to(disc, (6, 2, 64, 64))
    moved = deform(masks, np.random.default_rng(0))
    assert moved.dtype == np.uint8 and set(np.unique(moved)) == {0, 1}
    assert (moved[:, 0] == moved[:, 1]).all()  # channels of one patient move together
    assert len({image.tobytes() for image in moved}) == 6
    assert moved.sum((1, 2, 3)) == pytest.approx(masks.sum((1, 2, 3)), rel=0.12)
