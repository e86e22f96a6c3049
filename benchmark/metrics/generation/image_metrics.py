"""Images and their masks compared. Pure functions of numpy arrays."""

from __future__ import annotations

import numpy as np
from scipy.stats import wasserstein_distance

COARSE = 8  # pixels along one side of an image in which copies are looked for


def radial_spectrum(images: np.ndarray) -> np.ndarray:
    """Return the mean power at every whole number of waves per image width, (size // 2,)."""
    size = images.shape[-1]
    power = (np.abs(np.fft.fft2(images)) ** 2).mean((0, 1))
    waves = np.fft.fftfreq(size, 1 / size)
    ring = np.rint(np.hypot(waves[:, None], waves[None])).astype(int).ravel()
    total = np.bincount(ring, power.ravel())[: size // 2]
    return np.asarray(total / np.bincount(ring)[: size // 2])


def spectrum_ratio(real: np.ndarray, generated: np.ndarray) -> float:
    """Generated over real power at the finest quarter of the waves: below 1, too smooth."""
    finest = slice(-(real.shape[-1] // 8), None)
    return float((radial_spectrum(generated)[finest] / radial_spectrum(real)[finest]).mean())


def coarse_pixels(images: np.ndarray) -> np.ndarray:
    """Average images (n, channels, size, size) to at most 8 x 8 pixels, (n, channels * 64).

    Copies of a patient lie close together there, whatever noise or blur was added.
    """
    n, channels, size, _ = images.shape
    block = max(1, size // COARSE)
    side = size // block
    kept = np.asarray(images)[:, :, : side * block, : side * block]
    blocks = kept.reshape(n, channels, side, block, side, block)
    return np.asarray(blocks.mean((3, 5), dtype=np.float64).reshape(n, -1))


def dice(masks: np.ndarray, read: np.ndarray, labels: int) -> np.ndarray:
    """Overlap of masks (n, channels, size, size) with those read back, (n, labels).

    All channels together; NaN where an image has a label in neither.
    """
    overlap = []
    for label in range(1, labels + 1):
        a, b = masks == label, read == label
        both, either = (a & b).sum((1, 2, 3)), a.sum((1, 2, 3)) + b.sum((1, 2, 3))
        overlap.append(np.where(either > 0, 2 * both / np.maximum(either, 1), np.nan))
    return np.stack(overlap, 1)


def morphometry(masks: np.ndarray, labels: int) -> np.ndarray:
    """Measure regions: the area of every label in every channel, as a share of the image.

    Where there are two channels, also by how much each label shrinks from the first to the second:
    for the cavity of a heart in diastole and systole that is the ejection fraction of the slice.
    Shape (n, channels * labels) or (n, 3 * labels).
    """
    areas = np.stack([(masks == label).mean((2, 3)) for label in range(1, labels + 1)], 2)
    flat = areas.reshape(len(masks), -1)
    if masks.shape[1] != 2:
        return flat
    shrinks = 1 - areas[:, 1] / np.maximum(areas[:, 0], 1 / masks[0, 0].size)
    return np.concatenate([flat, np.clip(shrinks, -1, 1)], 1)  # a stray pixel is no expansion


def morphometric_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Mean Wasserstein distance of the measures (n, measures), in standard deviations of real."""
    spread = np.maximum(real.std(0), 1e-6)
    distances = [
        wasserstein_distance(real[:, j] / spread[j], generated[:, j] / spread[j])
        for j in range(real.shape[1])
    ]
    return float(np.mean(distances))
