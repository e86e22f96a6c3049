"""MR signal, coil and noise, checked against textbook limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.digital.mr_physics import bias_field, bssfp_signal, mprage_signal, rician_noise


def test_bssfp_with_equal_relaxation_times_at_90_degrees():
    # T1 = T2: S = PD sin(a) (1-E) / (1 - E^2) = PD / (1+E) at 90 degrees and TE = 0
    e = np.exp(-5 / 100)
    assert bssfp_signal(1, 100, 100, tr=5, te=0, flip=90) == pytest.approx(1 / (1 + e))


def test_bssfp_is_largest_at_the_ernst_like_angle():
    # cos(a) = (T1/T2 - 1)/(T1/T2 + 1), S = PD/2 sqrt(T2/T1) for TR much below T2
    best = np.rad2deg(np.arccos((4 - 1) / (4 + 1)))
    angles = np.linspace(10, 120, 1101)
    signals = [float(bssfp_signal(1, 400, 100, tr=0.01, te=0, flip=a)) for a in angles]
    assert angles[np.argmax(signals)] == pytest.approx(best, abs=0.2)
    assert max(signals) == pytest.approx(0.25, rel=1e-3)


def test_blood_outshines_myocardium_about_three_times():
    # densities alike; the measured cine (SNR 29, CNR 69) implies 98 / 29 = 3.4
    blood, muscle = bssfp_signal([1, 1], [1441, 996], [290, 52], tr=2.6, te=1.1, flip=80)
    assert blood / muscle == pytest.approx(3.4, rel=0.1)


def test_mprage_nulls_its_tissue():
    # without recovery loss (TR infinite) the null lies at TI = T1 ln 2
    assert mprage_signal(1, 1000, ti=1000 * np.log(2), tr=1e9) == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 0.8), st.integers(8, 40), st.integers(0, 99))
def test_bias_field_spans_its_strength(strength, size, seed):
    field = bias_field(3, size, strength, np.random.default_rng(seed))
    assert field.shape == (3, size, size)
    assert np.abs(field - 1).max(axis=(1, 2)) == pytest.approx(strength / 2, abs=1e-5)


def test_bias_field_strength_may_differ_by_patient():
    field = bias_field(2, 16, [0.0, 0.4], np.random.default_rng(0))
    assert field[0] == pytest.approx(1) and np.ptp(field[1]) > 0.2


def test_noise_alone_is_rayleigh():
    noise = rician_noise(np.zeros((400, 400), np.float32), 2.0, np.random.default_rng(0))
    assert noise.mean() == pytest.approx(2 * 1.2533, rel=0.01)
    assert noise.std() == pytest.approx(2 * 0.6551, rel=0.01)


def test_noise_on_strong_signal_is_gaussian():
    noisy = rician_noise(np.full((300, 300), 50, np.float32), 1.0, np.random.default_rng(0))
    assert noisy.mean() == pytest.approx(50.01, abs=0.02)
    assert noisy.std() == pytest.approx(1, rel=0.02)
