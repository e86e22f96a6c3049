"""Scanner noise: what the latents leave out, measured on real images and put back.

Latents keep anatomy and drop the finest detail and noise, so that their images are too smooth and
any classifier tells them from real ones at a glance. The residual (real less reconstruction) is
modelled as coloured noise: its strength follows the local brightness, its spectrum is the mean
spectrum of the residuals, and it is stronger in some images than in others. Edges are in the
residual too, and are no noise: it is measured where images are flat, and medians keep out the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.ndimage import maximum_filter, minimum_filter

LEVELS = 16  # bins of brightness
SMALLEST = 1e-4  # standard deviation below which noise is not seen in 8 bits
MAD = 1.4826  # median absolute deviation to standard deviation, for a normal distribution
FLAT = 0.5  # share of the pixels that count as flat: those with least contrast around them
AROUND = 5  # pixels a side of "around"
EDGE = 3.0  # standard deviations; what lies further off is an edge of anatomy and no noise


@dataclass(frozen=True)
class ScannerNoise:
    """The statistics of the residuals."""

    levels: np.ndarray  # (channels, LEVELS): brightness at the middle of each bin
    strength: np.ndarray  # (channels, LEVELS): standard deviation there
    spectrum: np.ndarray  # (channels, size, size): mean power, 1 on average
    scale: np.ndarray  # (images,): how strong the noise of an image is, 1 on average

    def add(self, images: np.ndarray, rngs: list[np.random.Generator]) -> np.ndarray:
        """Return images (n, channels, size, size) with noise, clipped to [0, 1]; one rng each."""
        noisy = np.empty(images.shape, np.float32)
        for i, rng in enumerate(rngs):
            white = np.fft.fft2(rng.standard_normal(images.shape[1:]))
            coloured = np.fft.ifft2(white * np.sqrt(self.spectrum)).real
            noise = coloured * self._strength_at(images[i]) * rng.choice(self.scale)
            noisy[i] = np.clip(images[i] + noise, 0, 1)
        return noisy

    def _strength_at(self, image: np.ndarray) -> np.ndarray:
        return np.stack(
            [
                np.interp(plane, levels, strength)
                for plane, levels, strength in zip(image, self.levels, self.strength, strict=True)
            ]
        )

    def save(self, path: Path) -> None:
        """Write one safetensors file."""
        save_file({name: np.ascontiguousarray(array) for name, array in vars(self).items()}, path)

    @classmethod
    def load(cls, path: Path) -> ScannerNoise:
        """Read what save wrote."""
        return cls(**load_file(path))


def measure_noise(real: np.ndarray, smooth: np.ndarray) -> ScannerNoise:
    """Measure what reconstruction took from real images; both (n, channels, size, size)."""
    residual, flat = real - smooth, flat_places(smooth)
    levels, strength = [], []
    for channel in range(real.shape[1]):
        here = flat[:, channel]
        plane, rest = smooth[:, channel][here], residual[:, channel][here]
        edges = np.quantile(plane, np.linspace(0, 1, LEVELS + 1))
        place = np.clip(np.searchsorted(edges, plane, side="right") - 1, 0, LEVELS - 1)
        bins = [np.flatnonzero(place == level) for level in range(LEVELS)]
        middle = [plane[b].mean() if len(b) else edges[i] for i, b in enumerate(bins)]
        spread = [MAD * np.median(np.abs(rest[b])) if len(b) else 0.0 for b in bins]
        levels.append(middle)
        strength.append(np.maximum(spread, SMALLEST))
    found = ScannerNoise(
        np.maximum.accumulate(np.array(levels), axis=1), np.array(strength),
        np.ones(real.shape[1:]), np.ones(1),
    )  # fmt: skip
    unit = residual / np.stack([found._strength_at(image) for image in smooth])
    unit = np.where(flat, np.clip(unit, -EDGE, EDGE), 0)
    seen = np.maximum(flat.sum((1, 2, 3)), 1)
    scale = np.sqrt((unit**2).sum((1, 2, 3)) / seen)
    power = spectrum_of(unit, flat)
    return ScannerNoise(
        found.levels, found.strength,
        power / power.mean((1, 2), keepdims=True), scale / scale.mean(),
    )  # fmt: skip


def flat_places(images: np.ndarray) -> np.ndarray:
    """Return which pixels have little contrast around them, (n, channels, size, size) bool."""
    size = (1, 1, AROUND, AROUND)
    contrast = maximum_filter(images, size) - minimum_filter(images, size)
    return contrast <= np.quantile(contrast, FLAT)


def spectrum_of(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the mean power spectrum of values that are zero wherever they are not known.

    Covariances at every distance are divided by how many pairs there are at that distance: the
    spectrum of zeros and holes is not the values' own. Both (n, channels, size, size).
    """
    sums, pairs = (
        np.fft.ifft2((np.abs(np.fft.fft2(part)) ** 2).mean(0)).real for part in (values, known)
    )
    covariance = np.where(pairs > 1e-6, sums / np.maximum(pairs, 1e-6), 0)
    return np.maximum(np.fft.fft2(covariance).real, 0)
