import numpy as np
import pandas as pd
import pytest

from tasks.brain_mr_sex import morphing, population, warps
from tasks.brain_mr_sex.anatomy import MODE_COLUMNS, add_anatomy
from tasks.brain_mr_sex.rendering import render

SIZE = 64


def natural_patients(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return add_anatomy(population.natural_people(n, rng), rng)


def standard_patients(n: int, **changes: float) -> pd.DataFrame:
    """Average people, alike in everything but what a test changes."""
    patients = pd.concat([natural_patients(1)] * n, ignore_index=True)
    patients[[*MODE_COLUMNS, "tilt_side", "tilt_front", "turn", "shift_right", "shift_front"]] = 0.0
    values = {
        "icv": 1500.0,
        "brain_fraction": 0.82,
        "ventricle_volume": 24.0,
        "cortical_thickness": 2.45,
        "grey_share": 0.53,
        "level": 12.0,
    }
    for name, value in {**values, **changes}.items():
        patients[name] = value
    return patients


def masks_of(patients: pd.DataFrame) -> np.ndarray:
    return render(patients, SIZE, 0.0, np.random.default_rng(1))[1][:, 0]


@pytest.fixture(scope="module")
def batch() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    patients = natural_patients(64)
    return patients, *render(patients, SIZE, 0.0, np.random.default_rng(2))


def test_images_and_masks_have_the_promised_form(batch: tuple) -> None:
    _, images, masks = batch
    assert images.shape == masks.shape == (64, 1, SIZE, SIZE)
    assert images.dtype == np.float32
    assert masks.dtype == np.uint8
    assert images.min() >= 0 and images.max() <= 1
    assert set(np.unique(masks)) == {0, 1, 2, 3}


def test_same_seed_gives_the_same_image(batch: tuple) -> None:
    patients, images, masks = batch
    again = render(patients, SIZE, 0.0, np.random.default_rng(2))
    assert np.array_equal(again[0], images)
    assert np.array_equal(again[1], masks)


def test_no_two_brains_are_alike() -> None:
    first, second = masks_of(standard_patients(2))
    assert (first != second).mean() > 0.02


def test_white_matter_is_brighter_than_grey_and_grey_than_fluid(batch: tuple) -> None:
    _, images, masks = batch
    fluid, grey, white = (images[masks == label].mean() for label in (1, 2, 3))
    assert white > 1.2 * grey > 1.2 * 1.2 * fluid


@pytest.mark.parametrize("size", [32, 96, 160])
def test_other_sizes_show_the_same_brain(size: int) -> None:
    patients = standard_patients(1)
    area = [
        (render(patients, pixels, 0.0, np.random.default_rng(3))[1] > 0).mean()
        for pixels in (SIZE, size)
    ]
    assert area[0] == pytest.approx(area[1], rel=0.03)


def test_warps_never_fold() -> None:
    patients = natural_patients(300)
    displacement = morphing.displacement(patients, np.random.default_rng(4))
    assert warps.jacobian_determinant(displacement).min() > 0


def test_jacobian_of_a_stretch_is_its_change_of_area() -> None:
    # x grows by a tenth, y shrinks by a fifth: 1.1 * 0.8 = 0.88 everywhere.
    y, x = np.meshgrid(warps.NODES, warps.NODES, indexing="ij")
    stretch = np.stack([0.1 * x, -0.2 * y])[None]
    assert np.allclose(warps.jacobian_determinant(stretch), 0.88)


def test_exponential_of_a_constant_field_is_that_field() -> None:
    field = np.ones((1, 2, warps.GRID, warps.GRID)) * np.array([3.0, -2.0])[:, None, None]
    assert np.allclose(warps.exponential(field), field)


def test_individual_warps_hold_nothing_of_the_sex_modes() -> None:
    fields = warps.individual_velocity(5, np.random.default_rng(5))
    products = np.tensordot(fields, warps.mode_basis(), axes=([1, 2, 3], [1, 2, 3]))
    assert np.abs(products).max() < 1e-8


def test_head_size_follows_intracranial_volume() -> None:
    # Twice the volume is 2 ** (2/3) = 1.59 times the area.
    small, large = (masks_of(standard_patients(6, icv=icv)) for icv in (1000.0, 2000.0))
    assert (large > 0).sum() / (small > 0).sum() == pytest.approx(1.59, rel=0.05)


def test_larger_ventricles_show_in_the_middle_of_the_mask() -> None:
    middle = (slice(None), slice(22, 44), slice(24, 40))
    areas = [
        (masks_of(standard_patients(6, ventricle_volume=volume))[middle] == 1).sum()
        for volume in (12.0, 30.0, 75.0)
    ]
    assert areas[2] > 1.5 * areas[1] and areas[1] > 1.3 * areas[0]


def test_measured_ventricles_grow_as_the_table_says() -> None:
    assert np.all(np.diff(morphing.ventricle_table()) > 0)


def test_lower_brain_fraction_widens_the_fluid_spaces() -> None:
    areas = [
        (masks_of(standard_patients(6, brain_fraction=fraction)) == 1).sum()
        for fraction in (0.86, 0.78, 0.70)
    ]
    assert areas[2] > 1.3 * areas[1] and areas[1] > 1.2 * areas[0]


def test_fluid_grows_with_age(batch: tuple) -> None:
    patients, _, masks = batch
    fluid = (masks == 1).sum(axis=(1, 2, 3)) / (masks > 0).sum(axis=(1, 2, 3))
    assert np.corrcoef(patients["age"], fluid)[0, 1] > 0.4


def test_more_grey_matter_shows_as_more_grey_mask() -> None:
    areas = [
        (masks_of(standard_patients(6, grey_share=share)) == 2).sum() for share in (0.49, 0.57)
    ]
    assert areas[1] > 1.03 * areas[0]


@pytest.mark.parametrize("name", MODE_COLUMNS)
def test_every_shape_mode_moves_several_pixels_of_the_mask(name: str) -> None:
    # Same noise, same individual warp: only the mode differs, by the distance of the sexes.
    low, high = (masks_of(standard_patients(2, **{name: value})) for value in (-0.6, 0.6))
    assert (low != high).sum(axis=(1, 2)).min() > 40


def test_patients_right_is_on_the_left_of_the_image() -> None:
    assert warps.NODES[0] > 0 > warps.NODES[-1]
    assert morphing.grid_mm(4)[0, 0, 0].tolist() == [82.5, 27.5, -27.5, -82.5]


def test_another_site_changes_the_image_but_not_the_anatomy(batch: tuple) -> None:
    patients, images, masks = batch
    shifted, same = render(patients, SIZE, 1.0, np.random.default_rng(2))
    assert np.array_equal(masks, same)
    background = np.s_[:, :, :4, :4]
    assert shifted[background].mean() > 1.5 * images[background].mean()
