"""How good are generated images? Pure functions of images, masks and features.

Features are rows of whatever extractor the caller names; the numbers mean nothing without its
name, n, and the floor that two halves of the real images have between them.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from scipy.stats import wasserstein_distance
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors
from torch import nn
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as ms_ssim
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd

NEIGHBOURS = 5  # k of precision, recall, density and coverage, as in Naeem et al. 2020
USUAL = 0.05  # share of held-out real images that count as "as close as a copy", by definition
SSIM_SCALES = (0.0448, 0.2856, 0.3001)  # the first three weights of Wang et al. 2003
SSIM_WINDOW = 7  # pixels; 64 halved twice leaves 16


def frechet_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Frechet distance of two sets of features (n, d), (m, d), each taken as one Gaussian.

    Heusel et al., NeurIPS 2017, equation 6, by torchmetrics. It grows with d and shrinks with n,
    so only sets of the same size on the same features can be compared.
    """
    features = _Given(real.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # news of torchmetrics about its buffers
        distance = FrechetInceptionDistance(feature=features)
    distance.set_dtype(torch.float64)
    distance.update(torch.from_numpy(np.asarray(real, np.float64)), real=True)
    distance.update(torch.from_numpy(np.asarray(generated, np.float64)), real=False)
    return float(distance.compute())


class _Given(nn.Module):
    """Hands features through to a metric that wants to compute them itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features


def kernel_distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Squared maximum mean discrepancy under a cubic kernel, unbiased: 0 if alike, may be negative.

    Binkowski et al., ICLR 2018, by torchmetrics; over the first rows of both, equally many.
    """
    n = min(len(real), len(generated))
    a, b = (torch.from_numpy(np.asarray(rows[:n], np.float64)) for rows in (real, generated))
    return float(poly_mmd(a, b))


def precision_recall_density_coverage(
    real: np.ndarray, generated: np.ndarray, k: int = NEIGHBOURS
) -> dict[str, float]:
    """Compare two clouds of features by balls that reach to the k-th neighbour.

    precision: share of generated images inside some real image's ball; recall: share of real ones
    inside some generated image's ball (Kynkaanniemi et al., NeurIPS 2019, equations 1 and 2).
    density: how many real balls a generated image lies in, divided by k; coverage: share of real
    balls with a generated image inside (Naeem et al., ICML 2020, equations 4 and 5).
    """
    real_reach, generated_reach = _reach(real, k), _reach(generated, k)
    distance = _distances(real, generated)
    in_real, in_generated = distance <= real_reach[:, None], distance <= generated_reach[None]
    return {
        "precision": float(in_real.any(0).mean()),
        "recall": float(in_generated.any(1).mean()),
        "density": float(in_real.sum(0).mean() / k),
        "coverage": float(in_real.any(1).mean()),
    }


def _reach(points: np.ndarray, k: int) -> np.ndarray:
    """Return each point's distance to its k-th neighbour among the others, (n,)."""
    found = NearestNeighbors(n_neighbors=min(k + 1, len(points))).fit(points)
    return np.asarray(found.kneighbors(points)[0][:, -1])


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def nearest(to: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return each point's distance to the nearest row of to, (n,)."""
    return np.asarray(NearestNeighbors(n_neighbors=1).fit(to).kneighbors(points)[0][:, 0])


def nearest_rows(to: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return for each point the number of the nearest row of to, (n,)."""
    return np.asarray(NearestNeighbors(n_neighbors=1).fit(to).kneighbors(points)[1][:, 0])


def copy_rate(train: np.ndarray, held_out: np.ndarray, generated: np.ndarray) -> float:
    """Share of generated images closer to a training image than real ones usually are.

    Closer than the closest 5 % of held-out real images; so 0.05 is what a generator that knows
    people like these but has memorised nobody comes to.
    """
    usual = np.quantile(nearest(train, held_out), USUAL)
    return float((nearest(train, generated) < usual).mean())


def membership_auroc(train: np.ndarray, held_out: np.ndarray, generated: np.ndarray) -> float:
    """How well closeness to a generated image tells training patients from others; 0.5: not at all.

    The distance attack of Chen et al., CCS 2020 (GAN-Leaks), section 5.2, without calibration.
    """
    closeness = -np.concatenate([nearest(generated, train), nearest(generated, held_out)])
    return float(roc_auc_score(np.repeat([1, 0], [len(train), len(held_out)]), closeness))


def similarity(images: np.ndarray, rng: np.random.Generator, pairs: int = 200) -> float:
    """Mean structural similarity of random pairs of images (n, channels, size, size) in [0, 1].

    Multi-scale SSIM with three scales, which is what 64 pixels hold. High: all alike. To be read
    beside the same number for real images.
    """
    first = rng.integers(len(images), size=pairs)
    second = (first + rng.integers(1, len(images), size=pairs)) % len(images)
    a, b = (torch.from_numpy(np.asarray(images[rows], np.float32)) for rows in (first, second))
    value = ms_ssim(a, b, kernel_size=SSIM_WINDOW, betas=SSIM_SCALES, data_range=1.0)
    return float(value)


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
