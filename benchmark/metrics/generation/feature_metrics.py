"""Clouds of features compared by their neighbours. Pure functions of numpy arrays.

Features are rows (n, width) of whatever network the caller names, or coarse pixels. The
numbers mean nothing without its name, n, and the floor that two halves of the real images have
between them.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 5  # k of precision, recall, density and coverage, as in Naeem et al. 2020
USUAL = 0.05  # share of held-out real images that count as "as close as a copy", by definition


def precision(real: np.ndarray, generated: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Share of generated images inside some real image's ball, which reaches to its k-th neighbour.

    Kynkaanniemi et al., NeurIPS 2019, equations 1 and 2.
    """
    return float(_in_balls_of(real, generated, k).any(0).mean())


def recall(real: np.ndarray, generated: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Share of real images inside some generated image's ball; same paper and equations."""
    inside = _distances(real, generated) <= _reach(generated, k)[None]
    return float(inside.any(1).mean())


def density(real: np.ndarray, generated: np.ndarray, k: int = NEIGHBOURS) -> float:
    """How many real balls a generated image lies in, divided by k.

    Naeem et al., ICML 2020, equation 4.
    """
    return float(_in_balls_of(real, generated, k).sum(0).mean() / k)


def coverage(real: np.ndarray, generated: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Share of real balls with a generated image inside (Naeem et al., ICML 2020, equation 5)."""
    return float(_in_balls_of(real, generated, k).any(1).mean())


def _in_balls_of(real: np.ndarray, generated: np.ndarray, k: int) -> np.ndarray:
    """Return which generated images lie in which real image's ball, (real, generated) bool."""
    return _distances(real, generated) <= _reach(real, k)[:, None]


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

    Closer than the closest 5 % of held-out real images: a generator that knows people like these,
    and has memorised nobody, comes to 0.05.
    """
    usual = np.quantile(nearest(train, held_out), USUAL)
    return float((nearest(train, generated) < usual).mean())


def membership_auroc(train: np.ndarray, held_out: np.ndarray, generated: np.ndarray) -> float:
    """How well closeness to a generated image separates training from held-out patients.

    0.5: not at all. The distance attack of Chen et al., CCS 2020 (GAN-Leaks), section 5.2, without
    calibration.
    """
    closeness = -np.concatenate([nearest(generated, train), nearest(generated, held_out)])
    return float(roc_auc_score(np.repeat([1, 0], [len(train), len(held_out)]), closeness))
