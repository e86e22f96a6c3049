"""The scanner: tissue signals, coil, noise, resolution and intensity normalisation.

site_shift moves every setting from the training scanner (0) to a clearly different one (1);
it is continuous and may go to 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from tasks.cmr_heart_failure.heart import FIELD_OF_VIEW, spread
from tasks.digital.mr_physics import bias_field, bssfp_signal, rician_noise

# Proton density (relative to water), T1 and T2 in ms at 1.5 T. Blood, fat, liver and skeletal
# muscle: common constants (verified); myocardium: Granitz 2018, Hanson 2020 (verified); lung:
# reviews (from memory); densities (blood 15 % up for inflow), marrow, fluid, stomach: design
# estimates.
TISSUES = {
    "blood": (1.10, 1350.0, 200.0),
    "myocardium": (0.80, 996.0, 52.0),
    "fat": (0.90, 300.0, 64.0),
    "muscle": (0.80, 880.0, 50.0),
    "liver": (0.80, 540.0, 44.0),
    "lung": (0.22, 1200.0, 25.0),
    "marrow": (0.60, 500.0, 55.0),
    "fluid": (1.00, 3000.0, 900.0),
    "stomach": (0.80, 1100.0, 70.0),
    "bone": (0.08, 1000.0, 20.0),
}
ACQUIRED = 1.8  # mm, in-plane resolution of the UK Biobank cine (verified)
SHOULDER = 1.1  # how early highlights bend; the unit of brightness becomes 0.72
MYOCARDIAL_SNR = 29.0  # at that resolution (verified)


@dataclass(frozen=True)
class Scanner:
    """Settings of one site. Training site: UK Biobank cine, TR 2.6, TE 1.1, flip 80 (memory)."""

    tr: float  # ms
    te: float  # ms
    flip: float  # degrees
    noise: float  # factor on the standard deviation
    blur: float  # mm, standard deviation of the point spread
    shading: float  # strength of the coil field left after the scanner's own correction
    falloff: float  # log ratio of the signal at the front to the back (design estimate)


def scanner_at(site_shift: float) -> Scanner:
    """Return the scanner of a site; every setting is a straight line in site_shift."""
    return Scanner(
        tr=2.6 + 0.9 * site_shift,
        te=1.1 + 0.5 * site_shift,
        flip=80 - 22 * site_shift,
        noise=1 + 1.5 * site_shift,
        blur=ACQUIRED / 2.355 + 1.2 * site_shift,
        shading=0.25 + 0.2 * site_shift,
        falloff=0.3 + 0.4 * site_shift,  # 1.3, the usual rest of a factor of 2 to 3
    )


def tissue_signals(scanner: Scanner, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Signal of every tissue in every patient, (n, 1, 1): relaxation varies by about 10 %."""
    signals = {}
    for name, (density, t1, t2) in TISSUES.items():
        wobble = np.exp(rng.normal(0, 0.05, (2, n)))
        signal = bssfp_signal(
            density, t1 * wobble[0], t2 * wobble[1], scanner.tr, scanner.te, scanner.flip
        )
        signals[name] = spread(signal)
    return signals


def acquire(
    signal: np.ndarray, muscle: np.ndarray, scanner: Scanner, rng: np.random.Generator
) -> np.ndarray:
    """Image a noiseless scene (n, 2, size, size): resolution, coil, noise, normalisation.

    muscle is each patient's myocardial signal, (n, 1, 1), to which the noise refers.
    """
    n, _, size, _ = signal.shape
    pixel = FIELD_OF_VIEW / size
    sigma = scanner.blur / pixel
    signal = gaussian_filter(signal, (0, 0, sigma, sigma), mode="nearest", truncate=3)
    signal = signal * _coil(n, size, scanner, rng)[:, None]
    averaged = min(1.0, ACQUIRED / pixel)  # a large pixel averages several acquired ones
    noise = scanner.noise * averaged / MYOCARDIAL_SNR * muscle * spread(rng.uniform(0.8, 1.5, n))
    return normalise(rician_noise(signal.astype(np.float32), noise[:, None], rng))


def normalise(image: np.ndarray) -> np.ndarray:
    """Scale each patient to [0, 1]: both frames alike, highlights bent smoothly, none cut off.

    The unit is the patient's own 90th percentile, which lies in blood and fat.
    """
    top = np.percentile(image[:, :, ::2, ::2], 90, axis=(1, 2, 3), keepdims=True)
    bright = image / np.maximum(top, 1e-6).astype(np.float32)
    return (bright / np.sqrt(1 / SHOULDER + bright * bright)).astype(np.float32)


def _coil(n: int, size: int, scanner: Scanner, rng: np.random.Generator) -> np.ndarray:
    """Field of the surface coil: bright in front, and smoothly uneven, (n, size, size)."""
    depth = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5)[None, :, None]
    falloff = spread(scanner.falloff * rng.uniform(0.6, 1.4, n))
    return np.exp(-falloff * depth) * bias_field(n, size, scanner.shading, rng)
