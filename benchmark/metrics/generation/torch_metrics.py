"""Metrics that torchmetrics computes. Importing this file imports torch, which takes seconds."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance


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

    Binkowski et al., ICLR 2018, equation 4, for sets of any two sizes (torchmetrics' takes two of
    one size). real: (n, d), generated: (m, d).
    """
    a, b = (torch.from_numpy(np.asarray(rows, np.float64)) for rows in (real, generated))
    if min(len(a), len(b)) < 2:
        return float("nan")
    return float(_mean_of_pairs(a) + _mean_of_pairs(b) - 2 * _kernel(a, b).mean())


def _kernel(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3


def _mean_of_pairs(rows: torch.Tensor) -> torch.Tensor:
    """Return the kernel's mean over all pairs of two different rows."""
    among, n = _kernel(rows, rows), len(rows)
    return (among.sum() - among.diagonal().sum()) / (n * (n - 1))
