"""How far the mix of groups in a set of images is from the target mix.

Pure functions of counts and shares. Shares are (groups,) or (sets, groups) and sum to 1.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.stats import norm

CONFIDENCE = 0.95
CHANCE = 0.05  # probability of calling a counter that guesses better than one that guesses


def total_variation(shares: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Half the sum of absolute differences; for two groups the difference of either share."""
    return np.abs(np.asarray(shares) - target).sum(-1) / 2


def divergence(shares: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence of shares from the target, in nats; 0 log 0 is 0.

    Infinite if a group is drawn whose target is 0.
    """
    shares, target = np.broadcast_arrays(np.asarray(shares, float), np.asarray(target, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, shares * np.log(shares / target), 0.0)
    return parts.sum(-1)


def wilson(share: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of a share counted among n (Wilson, JASA 1927, 22:209)."""
    z = norm.ppf((1 + CONFIDENCE) / 2)
    share = np.asarray(share, float)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def by_chance(
    target: np.ndarray, rates: np.ndarray, n: int, rng: np.random.Generator, draws: int = 2000
) -> float:
    """Return the mean total variation counted for n images drawn exactly from the target.

    rates[k, g]: share of images of group g that the counter takes for k. A group whose column is
    0, because the error rate is unknown, is assumed to be counted without error.
    """
    unknown = rates.sum(0) == 0
    counted = np.where(unknown, np.eye(len(rates)), rates) @ np.asarray(target, float)
    shares = rng.multinomial(n, counted / counted.sum(), size=draws) / n
    return float(total_variation(shares, np.asarray(target)).mean())


def better_than_chance(right: np.ndarray, groups: np.ndarray) -> tuple[float, bool]:
    """Return balanced accuracy, and whether it is above that of guessing, with 95 % certainty.

    right: (n,) bool; groups: (n,) numbers of the groups that there are.
    """
    known = np.unique(groups)
    rates = np.array([right[groups == group].mean() for group in known])
    sizes = np.array([(groups == group).sum() for group in known])
    # Add four guesses to every group, so that few patients prove nothing (after Agresti and
    # Coull, The American Statistician 1998, 52:119, who add them for two groups).
    cautious = (rates * sizes + 4 / len(known)) / (sizes + 4)
    error = np.sqrt((cautious * (1 - cautious) / (sizes + 4)).sum()) / len(known)
    low = cautious.mean() - norm.ppf(1 - CHANCE) * error
    return float(rates.mean()), bool(low > 1 / len(known))


def corrected(shares: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return the shares that explain what a classifier counted, given its error rates, (groups,).

    rates[k, g]: share of real images of group g that it takes for k (columns sum to 1). Adjusted
    count, Forman, Data Mining and Knowledge Discovery 2008, 17:164; by least squares without
    negative shares. It assumes that the error rates on these images are those on real ones.
    """
    rates = np.asarray(rates, float)
    if (rates.sum(0) == 0).any():  # the error rate on an absent group is unknown
        return np.full(rates.shape[1], np.nan)
    found, _ = nnls(rates, np.asarray(shares, float))
    total = found.sum()
    return found / total if total > 0 else np.full(len(found), np.nan)


def share_by_means(drawn: np.ndarray, known: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the shares whose mix of group means is nearest to the mean of the drawn images.

    drawn: (sets, k) means of k measurements; known: (sets, groups, k) means of real people of each
    group in the same sets; spread: (k, k) covariance within groups. One vector of shares for all
    sets, by least squares in units of spread, none negative, summing to 1.
    """
    values, axes = np.linalg.eigh(np.asarray(spread, float))
    kept = values > 1e-6 * values.max()  # correlated measurements count once
    root = axes[:, kept] / np.sqrt(values[kept])
    columns = np.concatenate([(means @ root).T for means in known])  # (sets * k, groups)
    measured = np.concatenate([row @ root for row in drawn])
    # The last row forces the sum to 1: it weighs more than all measurements together.
    heavy = 1e3 * max(1.0, float(np.abs(columns).max()))
    found, _ = nnls(
        np.vstack([columns, np.full((1, columns.shape[1]), heavy)]), np.append(measured, heavy)
    )
    return found / found.sum()
