"""The terms of the alignment loss, each of one number per image, on tensors alone.

Shen et al., "Finetuning Text-to-Image Diffusion Models for Fairness", ICLR 2024 (arXiv 2311.07604),
section 4.1, on which Han et al. (arXiv 2406.14847) build.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

SMALLEST = 1e-6  # probability below which a logarithm is not taken
TIE = 1e-9  # shares of draws that differ by less are equal but for rounding


def assign(
    probabilities: np.ndarray, target: np.ndarray, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Assign a group of the target to every image: (n,) groups and (n,) their confidence.

    As many groups as images are drawn from the target, and optimal transport gives each image the
    one that costs the least in all, the cost being the Euclidean distance of its probabilities
    (n, groups) from certainty. Over many draws, an image's group is the one that it got most
    often (of several, one at random), and how often it got it is its confidence.
    """
    n, groups = probabilities.shape
    certain = np.eye(groups)
    got = np.zeros((n, groups))
    for _ in range(draws):
        drawn = np.asarray(rng.choice(groups, size=n, p=target))
        cost = np.linalg.norm(probabilities[:, None] - certain[drawn][None], axis=2)
        image, place = linear_sum_assignment(cost)
        got[image, drawn[place]] += 1 / draws
    tied = got >= got.max(1, keepdims=True) - TIE
    return np.where(tied, rng.random(got.shape), -1).argmax(1), got.max(1)


def towards_assigned(
    probabilities: Tensor, assigned: Tensor, confidence: Tensor, least: float
) -> Tensor:
    """Cross-entropy towards the assigned group, weighted by confidence, 0 below the least; (n,)."""
    picked = probabilities.gather(1, assigned[:, None]).squeeze(1)
    weight = torch.where(confidence >= least, confidence, torch.zeros_like(confidence))
    return -weight * picked.clamp_min(SMALLEST).log()


def towards_target(probabilities: Tensor, batch_mean: Tensor, target: Tensor) -> Tensor:
    """The direct form: the divergence of the batch's mean probability from the target, (n,).

    Of KL(mean, target) = sum of mean log(mean / target), each image gets what is linear in
    its own probabilities, around the mean of its batch (n, groups), which is held fixed. So the
    mean over the batch is the divergence and has its gradient, even if it goes in parts.
    """
    log_ratio = batch_mean.clamp_min(SMALLEST).log() - target.clamp_min(SMALLEST).log()
    return (probabilities * log_ratio).sum(1)


def unlike_untuned(image: Tensor, untuned: Tensor) -> Tensor:
    """One less the cosine of unit vectors (n, width): how far the image has moved; (n,)."""
    return 1 - (image * untuned).sum(1)


def off_prompt(image: Tensor, prompt: Tensor, untuned: Tensor) -> Tensor:
    """How much less the image fits its prompt than the untuned one did, at least 0; (n,)."""
    return functional.relu((untuned * prompt).sum(1) - (image * prompt).sum(1))
