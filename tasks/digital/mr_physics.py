"""MR signal, coil and noise models shared by the digital cohorts.

Times in ms, angles in degrees, proton density relative to water. All functions take and
return arrays, so that every patient can have a scanner of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def bssfp_signal(
    proton_density: ArrayLike, t1: ArrayLike, t2: ArrayLike, tr: float, te: float, flip: float
) -> np.ndarray:
    """Balanced steady-state free precession on resonance, alternating phase.

    S = PD sin(a) (1 - E1) exp(-TE/T2) / [1 - (E1 - E2) cos(a) - E1 E2], E = exp(-TR/T).
    Source: the standard steady-state solution (Freeman and Hill 1971; Scheffler 2003).
    """
    t1, t2 = np.asarray(t1, float), np.asarray(t2, float)
    e1, e2, angle = np.exp(-tr / t1), np.exp(-tr / t2), np.deg2rad(flip)
    steady = np.sin(angle) * (1 - e1) / (1 - (e1 - e2) * np.cos(angle) - e1 * e2)
    return np.asarray(proton_density, float) * steady * np.exp(-te / t2)


def mprage_signal(proton_density: ArrayLike, t1: ArrayLike, ti: float, tr: float) -> np.ndarray:
    """Inversion-recovery T1 weighting: S = PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)|.

    The simple form, which overstates the contrast of white against grey matter.
    """
    t1 = np.asarray(t1, float)
    recovery = 1 - 2 * np.exp(-ti / t1) + np.exp(-tr / t1)
    return np.asarray(proton_density, float) * np.abs(recovery)


def bias_field(
    n: int, image_size: int, strength: ArrayLike, rng: np.random.Generator, order: int = 3
) -> np.ndarray:
    """Smooth multiplicative coil fields, shape (n, size, size), centred on 1.

    A random sum of 2-D cosines up to the given order, scaled so that a field of strength 0.2
    spans about 0.9 to 1.1 (the convention of BrainWeb's "20 %" non-uniformity).
    """
    x = (np.arange(image_size) + 0.5) / image_size
    waves = np.cos(np.pi * np.arange(order + 1)[:, None] * x)  # (order + 1, size)
    weights = rng.normal(size=(n, order + 1, order + 1))
    steps = np.arange(order + 1)
    weights /= 1.0 + steps[:, None] ** 2 + steps[None, :] ** 2
    weights[:, 0, 0] = 0
    field = np.einsum("nij,iy,jx->nyx", weights, waves, waves, optimize=True)
    span = np.abs(field).max(axis=(1, 2), keepdims=True)
    strength = np.broadcast_to(np.asarray(strength, float), (n,))[:, None, None]
    return (1 + 0.5 * strength * field / span).astype(np.float32)


def rician_noise(signal: np.ndarray, sigma: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """Magnitude of the signal with Gaussian noise in both quadratures: M = |A + n1 + i n2|.

    sigma broadcasts against the signal (Gudbjartsson and Patz 1995).
    """
    sigma = np.asarray(sigma, np.float32)
    real = signal + sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.sqrt(real**2 + imaginary**2)
