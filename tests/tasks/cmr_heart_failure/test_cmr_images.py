"""Images agree with the anatomy they were drawn from, and chunks, seeds and sites behave."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tasks.cmr_heart_failure import rendering
from tasks.cmr_heart_failure.heart import FIELD_OF_VIEW, draw_frame, draw_pose, grid
from tasks.cmr_heart_failure.rendering import LEFT_CAVITY, MYOCARDIUM, RIGHT_CAVITY, HeartModel
from tasks.cmr_heart_failure.scanner import acquire, normalise, scanner_at
from tasks.cmr_heart_failure.task import CmrHeartFailure
from tasks.digital.cohort import balanced_requests

SIZE = 96
MODEL = HeartModel()


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(1)
    requests = balanced_requests(CmrHeartFailure.card, 96)
    return MODEL.anatomy(MODEL.requested_people(requests, rng), rng)


@pytest.fixture(scope="module")
def rendered(patients):
    return MODEL.render(patients, SIZE, 0.0, np.random.default_rng(2))


def area(masks, label):
    """Area of a mask label in mm2, (n, 2)."""
    return (masks == label).sum(axis=(2, 3)) * (FIELD_OF_VIEW / SIZE) ** 2


def test_shapes_and_range(patients, rendered):
    images, masks = rendered
    assert images.shape == masks.shape == (len(patients), 2, SIZE, SIZE)
    assert images.dtype == np.float32 and masks.dtype == np.uint8
    assert images.min() >= 0 and images.max() <= 1
    assert set(np.unique(masks)) == {0, 1, 2, 3}


def test_nothing_is_clipped(rendered):
    assert (rendered[0] >= 1).sum() == 0


@pytest.mark.parametrize(("frame", "column"), [(0, "cavity_area_ed"), (1, "cavity_area_es")])
def test_cavity_of_the_mask_has_the_true_area(patients, rendered, frame, column):
    ratio = area(rendered[1], LEFT_CAVITY)[:, frame] / patients[column].to_numpy()
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert np.abs(ratio - 1).max() < 0.15  # of small cavities, a few pixels at the edge


def test_both_cavities_shrink_in_systole(rendered):
    for label in (LEFT_CAVITY, RIGHT_CAVITY):
        diastole, systole = area(rendered[1], label).T
        assert (systole < diastole).all()


def test_muscle_ring_grows_as_the_long_axis_shortens(patients, rendered):
    diastole, systole = area(rendered[1], MYOCARDIUM).T
    expected = (patients["long_axis"] / patients["long_axis_es"]).to_numpy()
    moving = (patients["infarct_width"] == 0).to_numpy()
    assert (systole / diastole)[moving].mean() == pytest.approx(expected[moving].mean(), abs=0.05)


def test_blood_is_brighter_than_muscle(rendered):
    images, masks = rendered
    contrast = images[masks == LEFT_CAVITY].mean() / images[masks == MYOCARDIUM].mean()
    assert 1.5 < contrast < 4


def test_infarct_is_thin_and_still(patients):
    one = patients.head(1).assign(
        infarct_width=90.0, infarct_angle=0.0, infarct_thinning=0.5, flat_septum=0.0
    )
    x, y = grid(192)
    pose = draw_pose(one, np.random.default_rng(3))
    pose = replace(pose, centre=np.zeros((1, 2)))
    frames = [draw_frame(one, pose, x, y, systole) for systole in (False, True)]
    ray = np.s_[0, 96, 96:]  # from the centre towards the infarct at image right
    radius_ed, radius_es = (np.interp(0, f.endocardium[ray], x[0, 96, 96:]) for f in frames)
    wall_ed = np.interp(0, frames[0].epicardium[ray], x[0, 96, 96:]) - radius_ed
    assert radius_es == pytest.approx(radius_ed, abs=0.7)
    assert wall_ed < 0.75 * one["wall_ed"].item()


def test_same_seed_same_images(patients):
    few = patients.head(4)
    first, second = (MODEL.render(few, 32, 0.0, np.random.default_rng(4))[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_no_two_hearts_are_alike(patients):
    twins = pd.concat([patients.head(1)] * 2, ignore_index=True)
    _, masks = MODEL.render(twins, SIZE, 0.0, np.random.default_rng(5))
    assert (masks[0] != masks[1]).mean() > 0.01


@pytest.mark.parametrize("size", [32, 100])
def test_any_image_size_shows_the_same_field(patients, size):
    _, masks = MODEL.render(patients.head(24), size, 0.0, np.random.default_rng(6))
    cavity = (masks[:, 0] == LEFT_CAVITY).sum(axis=(1, 2)) * (FIELD_OF_VIEW / size) ** 2
    assert cavity.mean() == pytest.approx(patients["cavity_area_ed"].head(24).mean(), rel=0.04)


def test_another_site_changes_images_and_not_masks(patients):
    few = patients.head(8)
    images, masks = MODEL.render(few, 48, 0.0, np.random.default_rng(7))
    shifted, same = MODEL.render(few, 48, 1.0, np.random.default_rng(7))
    near, _ = MODEL.render(few, 48, 0.01, np.random.default_rng(7))
    assert np.array_equal(masks, same)
    assert np.abs(near - images).mean() < 0.05 * np.abs(shifted - images).mean()


def test_noise_has_the_asked_signal_to_noise_ratio():
    rng = np.random.default_rng(8)
    scanner = replace(scanner_at(0), blur=0.0, shading=0.0, falloff=0.0)
    flat = np.ones((40, 2, 105, 105), np.float32)  # pixels of the acquired size
    image = acquire(flat, np.ones((40, 1, 1), np.float32), scanner, rng)
    linear = image / np.sqrt(1 - image**2)  # undoes the shoulder, up to a factor
    ratio = np.median(linear.mean(axis=(1, 2, 3)) / linear.std(axis=(1, 2, 3)))
    assert ratio == pytest.approx(29 / 1.15, rel=0.1)  # patients vary from 0.8 to 1.5 times


def test_normalising_forgets_the_scanners_gain():
    image = np.random.default_rng(9).random((2, 2, 16, 16), np.float32)
    assert np.allclose(normalise(image), normalise(1000 * image), atol=1e-5)


def test_mask_labels_stand_in_the_order_of_the_card():
    named = dict(enumerate(CmrHeartFailure.card.mask_labels, start=1))
    assert named == {
        rendering.LEFT_CAVITY: "left-ventricular cavity",
        rendering.MYOCARDIUM: "myocardium",
        rendering.RIGHT_CAVITY: "right ventricle",
    }
