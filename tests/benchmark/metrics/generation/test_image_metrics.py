import numpy as np
import pytest

from benchmark.metrics.generation import feature_metrics, image_metrics, torch_metrics


def cloud(n, d=4, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_frechet_distance_of_a_shifted_cloud_is_the_squared_shift():
    points = cloud(400, d=3)
    assert torch_metrics.frechet_distance(points, points) == pytest.approx(0, abs=1e-6)
    assert torch_metrics.frechet_distance(
        points, points + np.array([1.0, 2.0, 0.0])
    ) == pytest.approx(5.0)


def test_kernel_distance_is_unbiased_around_zero_and_grows_with_the_shift():
    same = [
        torch_metrics.kernel_distance(cloud(60, seed=k), cloud(60, seed=k + 99)) for k in range(40)
    ]
    assert abs(np.mean(same)) < 3 * np.std(same) / np.sqrt(40)
    assert torch_metrics.kernel_distance(cloud(60), cloud(60, shift=1.0, seed=1)) > max(same)


def test_clouds_worked_by_hand():
    """Real points 0, 1, 2, 3 with k = 1 have balls of radius 1; so have the generated 2.5, 3.5."""
    real = np.array([[0.0], [1.0], [2.0], [3.0]])
    generated = np.array([[2.5], [3.5]])
    found = {
        metric.__name__: metric(real, generated, k=1)
        for metric in (
            feature_metrics.precision, feature_metrics.recall,
            feature_metrics.density, feature_metrics.coverage,
        )
    }  # fmt: skip
    assert found == {
        "precision": 1.0,  # 2.5 lies in the balls of 2 and 3, 3.5 in that of 3
        "recall": 0.5,  # 2 and 3 lie in the ball of 2.5
        "density": 1.5,  # (2 + 1) balls over 2 points
        "coverage": 0.5,  # the balls of 2 and 3 hold a generated point
    }


def test_a_generator_that_copies_is_found_out():
    train, held_out = cloud(300, d=8), cloud(300, d=8, seed=1)
    honest, copied = cloud(300, d=8, seed=2), train[:150] + 0.01
    assert feature_metrics.copy_rate(train, held_out, honest) == pytest.approx(0.05, abs=0.04)
    assert feature_metrics.copy_rate(train, held_out, copied) == 1.0
    assert feature_metrics.membership_auroc(train, held_out, honest) == pytest.approx(0.5, abs=0.06)
    assert feature_metrics.membership_auroc(train, held_out, copied) > 0.7


def test_coarse_pixels_are_means_of_blocks_and_noise_hides_no_copy_there():
    image = np.arange(256.0).reshape(1, 1, 16, 16)
    assert image_metrics.coarse_pixels(image)[0, :2].tolist() == [8.5, 10.5]
    assert image_metrics.coarse_pixels(image[..., :6, :6]).shape == (1, 36)
    rng = np.random.default_rng(0)
    train, held_out, other = np.split(np.repeat(rng.random((90, 1, 16, 16)), 1, 0), 3)
    train, held_out, other = (part.repeat(4, 2).repeat(4, 3) for part in (train, held_out, other))
    noised = train + rng.normal(0, 0.05, train.shape)
    coarse = image_metrics.coarse_pixels
    found = [
        feature_metrics.copy_rate(coarse(train), coarse(held_out), coarse(drawn))
        for drawn in (noised, other)
    ]
    assert found[0] == 1 and found[1] < 0.3


def test_spectrum_of_one_wave_stands_at_its_number_of_waves():
    wave = np.sin(2 * np.pi * 5 * np.arange(64) / 64)[None, None, None] * np.ones((1, 1, 64, 1))
    assert int(np.argmax(image_metrics.radial_spectrum(wave))) == 5


def test_a_smoothed_image_lacks_fine_waves():
    noise = cloud(4 * 64 * 64).reshape(16, 1, 64, 64)[:, :, :, :]
    smooth = (noise + np.roll(noise, 1, 2) + np.roll(noise, 1, 3)) / 3
    assert image_metrics.spectrum_ratio(noise, noise) == 1
    assert image_metrics.spectrum_ratio(noise, smooth) < 0.5


def test_dice_by_hand():
    masks, read = np.zeros((2, 1, 1, 4), int), np.zeros((2, 1, 1, 4), int)
    masks[0, 0, 0] = [1, 1, 1, 0]
    read[0, 0, 0] = [1, 1, 0, 2]
    found = image_metrics.dice(masks, read, 2)
    assert found[0] == pytest.approx([0.8, 0.0])  # 2 * 2 / (3 + 2); label 2 is read, never asked
    assert np.isnan(found[1]).all()


def test_morphometry_measures_areas_and_how_they_shrink():
    masks = np.zeros((1, 2, 2, 4), int)
    masks[0, 0, 0] = 1  # 4 of 8 pixels in diastole
    masks[0, 1, 0, :1] = 1  # 1 of 8 in systole
    assert image_metrics.morphometry(masks, 1)[0] == pytest.approx([0.5, 0.125, 0.75])
    assert image_metrics.morphometry(masks[:, :1], 1)[0] == pytest.approx([0.5])


def test_morphometric_distance_is_a_shift_in_standard_deviations():
    real = cloud(500, d=2) * [1.0, 10.0]
    assert image_metrics.morphometric_distance(real, real + real.std(0)) == pytest.approx(1.0)
