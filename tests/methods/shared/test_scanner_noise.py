import numpy as np
import pytest

from methods.shared.scanner_noise import ScannerNoise, measure_noise, spectrum_of


def smooth_images(n=40, size=32):
    ramp = np.linspace(0.2, 0.8, size, dtype=np.float32)
    return np.broadcast_to(ramp, (n, 1, size, size)).copy()


def noisy(smooth, strength, seed=0):
    rng = np.random.default_rng(seed)
    return smooth + strength * rng.normal(size=smooth.shape).astype(np.float32)


def streams(n):
    return [np.random.default_rng([5, i]) for i in range(n)]


def test_noise_comes_back_as_strong_as_it_was():
    smooth = smooth_images()
    found = measure_noise(noisy(smooth, 0.03), smooth)
    back = found.add(smooth, streams(len(smooth))) - smooth
    assert back.std() == pytest.approx(0.03, rel=0.05)


def test_noise_follows_brightness():
    smooth = smooth_images()
    found = measure_noise(noisy(smooth, 0.1 * smooth), smooth)
    back = found.add(smooth, streams(len(smooth))) - smooth
    assert back[..., :4].std() == pytest.approx(0.1 * smooth[..., :4].mean(), rel=0.15)
    assert back[..., -4:].std() == pytest.approx(0.1 * smooth[..., -4:].mean(), rel=0.15)


def test_coloured_noise_keeps_its_spectrum():
    smooth = smooth_images()
    white = noisy(np.zeros_like(smooth), 0.03)
    wide = (white + np.roll(white, 1, 3)) / 2  # neighbours across share half
    found = measure_noise(smooth + wide, smooth)
    back = found.add(smooth, streams(len(smooth))) - smooth
    across = np.corrcoef(back[..., 1:].ravel(), back[..., :-1].ravel())[0, 1]
    down = np.corrcoef(back[:, :, 1:].ravel(), back[:, :, :-1].ravel())[0, 1]
    assert across == pytest.approx(0.5, abs=0.05)
    assert down == pytest.approx(0, abs=0.05)


def test_holes_do_not_change_a_spectrum():
    rng = np.random.default_rng(0)
    white = rng.normal(size=(400, 1, 16, 16))
    wide = white + np.roll(white, 1, 3)
    known = rng.random(wide.shape) < 0.5
    whole = spectrum_of(wide, np.ones_like(known))
    np.testing.assert_allclose(spectrum_of(wide * known, known), whole, atol=0.8)
    assert whole[0, 0, 0] == pytest.approx(4, abs=0.6) and whole[0, 0, 8] == pytest.approx(
        0, abs=0.1
    )


def test_edges_are_not_taken_for_noise():
    smooth = smooth_images()
    real = noisy(smooth, 0.02)
    real[:, :, 16] += 0.5  # one bright line that reconstruction has lost
    found = measure_noise(real, smooth)
    assert np.median(found.strength) == pytest.approx(0.02, rel=0.1)


def test_saved_and_loaded_it_is_the_same(tmp_path):
    smooth = smooth_images(8)
    found = measure_noise(noisy(smooth, 0.03), smooth)
    found.save(tmp_path / "noise.safetensors")
    again = ScannerNoise.load(tmp_path / "noise.safetensors")
    np.testing.assert_array_equal(again.add(smooth, streams(8)), found.add(smooth, streams(8)))
