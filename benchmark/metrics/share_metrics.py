"""How far is the mix of groups in a set of images from the mix that was asked for?

Pure functions of counts and shares. Shares are (groups,) or (sets, groups) and sum to 1.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.stats import norm

CONFIDENCE = 0.95
CHANCE = 0.05  # somebody who guesses is taken for better than that with this probability


def total_variation(shares: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Half the sum of absolute differences; for two groups the difference of either share."""
    return np.abs(np.asarray(shares) - target).sum(-1) / 2


def divergence(shares: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Kullback-Leibler divergence of shares from the target, in nats; 0 log 0 is 0.

    Infinite if a group is drawn that the target rules out.
    """
    shares, target = np.broadcast_arrays(np.asarray(shares, float), np.asarray(target, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, shares * np.log(shares / target), 0.0)
    return parts.sum(-1)


def wilson(share: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share that was counted among n (Wilson, JASA 1927, 22:209)."""
    z = norm.ppf((1 + CONFIDENCE) / 2)
    share = np.asarray(share, float)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def by_chance(
    target: np.ndarray, said: np.ndarray, n: int, rng: np.random.Generator, draws: int = 2000
) -> float:
    """Total variation that n images drawn exactly from the target are counted to have, on average.

    said[k, g]: how often the counter says k of an image of group g; a group that nobody knows how
    it errs on is taken to be counted right.
    """
    unknown = said.sum(0) == 0
    heard = np.where(unknown, np.eye(len(said)), said) @ np.asarray(target, float)
    shares = rng.multinomial(n, heard / heard.sum(), size=draws) / n
    return float(total_variation(shares, np.asarray(target)).mean())


def better_than_chance(right: np.ndarray, groups: np.ndarray) -> tuple[float, bool]:
    """Return balanced accuracy, and whether it is above that of guessing, with 95 % certainty.

    right: (n,) bool; groups: (n,) numbers of the groups that there are.
    """
    known = np.unique(groups)
    rates = np.array([right[groups == group].mean() for group in known])
    sizes = np.array([(groups == group).sum() for group in known])
    # Four guesses more in every group, so that few patients prove nothing (after Agresti and
    # Coull, The American Statistician 1998, 52:119, who add them for two groups).
    cautious = (rates * sizes + 4 / len(known)) / (sizes + 4)
    error = np.sqrt((cautious * (1 - cautious) / (sizes + 4)).sum()) / len(known)
    low = cautious.mean() - norm.ppf(1 - CHANCE) * error
    return float(rates.mean()), bool(low > 1 / len(known))


def corrected(shares: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Return the shares that would make a classifier count what it counted, (groups,).

    said[k, g]: how often it says k of a real image of group g (columns sum to 1). Adjusted count,
    Forman, Data Mining and Knowledge Discovery 2008, 17:164; by least squares without negative
    shares. It holds as far as the classifier errs on these images as it does on real ones.
    """
    said = np.asarray(said, float)
    if (said.sum(0) == 0).any():  # how it errs on a group that is not there, nobody knows
        return np.full(said.shape[1], np.nan)
    found, _ = nnls(said, np.asarray(shares, float))
    total = found.sum()
    return found / total if total > 0 else np.full(len(found), np.nan)


def share_by_means(drawn: np.ndarray, known: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return the shares whose mix of group means is nearest to the mean of what was drawn.

    drawn: (sets, k) means of k measurements; known: (sets, groups, k) means of real people of each
    group in the same sets; spread: (k, k) covariance within groups. One vector of shares for all
    sets, by least squares in units of spread, none negative, summing to 1.
    """
    values, axes = np.linalg.eigh(np.asarray(spread, float))
    kept = values > 1e-6 * values.max()  # measurements that hang together count once
    root = axes[:, kept] / np.sqrt(values[kept])
    columns = np.concatenate([(means @ root).T for means in known])  # (sets * k, groups)
    measured = np.concatenate([row @ root for row in drawn])
    # A heavy row holds the sum; it weighs more than everything that is measured together.
    heavy = 1e3 * max(1.0, float(np.abs(columns).max()))
    found, _ = nnls(
        np.vstack([columns, np.full((1, columns.shape[1]), heavy)]), np.append(measured, heavy)
    )
    return found / found.sum()
