"""The decision rule: from probabilities to answers, with an operating point estimated on val.

An answer is the class with the largest log probability plus offset; of equals the first. The
offsets make classes equally easy to be found: they come from a logistic regression of the label
on the log probabilities, in which every class weighs the same whatever its share (class-balanced),

    P(class c) proportional to exp(slope * log p_c + intercept_c),

so offset_c = intercept_c / slope. For two classes this is one threshold on the probability of the
second. Version 1 took the threshold with the best balanced accuracy on val; docs/results/
decision_rule.md compares both and others.
"""

from __future__ import annotations

import numpy as np

VERSION = 2
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)  # what a float32 softmax can resolve
RIDGE = 1e-3  # on the slope of standardised log probabilities: separated classes have no other end
NEWTON_STEPS = 50  # a handful is enough unless the classes are separated
CONVERGED = 1e-10  # largest derivative of the loss, which is a mean
SMALLEST_SPREAD = 1e-6  # of log probabilities; less than this is rounding

Offsets = tuple[float, ...]  # one per class
Rule = Offsets | float  # a number: the second of two classes from this probability on


def decide(probability: np.ndarray, rule: Rule) -> np.ndarray:
    """Turn probabilities (n, classes) into class indices (n,).

    A threshold is compared as it is, so that rounding of logarithms decides nothing.
    """
    if isinstance(rule, float):
        return (probability[:, 1] >= rule).astype(int)
    return (_log(probability) + np.array(rule)).argmax(axis=1)


def threshold_of(offsets: Offsets) -> float | None:
    """Return the threshold on the second of two classes' probability; None for more classes."""
    if len(offsets) != 2:
        return None
    return float(1 / (1 + np.exp(offsets[1] - offsets[0])))


def rule_of(threshold: float | None, classes: int) -> Rule:
    """Return the rule of a method's own threshold on the second class's probability.

    None, or more than two classes: the most probable class is the answer.
    """
    return (0.0,) * classes if threshold is None or classes != 2 else float(threshold)


def balanced_offsets(labels: np.ndarray, probability: np.ndarray) -> Offsets:
    """Estimate the offsets at which the classes are equally easy to be found.

    labels: (n,) class indices; probability: (n, classes). Probabilities are cut at what float32
    resolves. Where val cannot say anything (a class is missing, or all patients have the same
    probabilities) there are no offsets: the most probable class is the answer. Where the slope
    is not positive (the probabilities are no better than chance) the cut is where it would be for
    a slope that approaches 0: halfway between the classes' means.
    """
    classes = probability.shape[1]
    counts = np.bincount(labels, minlength=classes)
    scores = _log(probability)
    scores = scores - scores.mean(axis=1, keepdims=True)
    if (counts == 0).any():
        return (0.0,) * classes
    weights = 1 / (classes * counts[labels])  # they sum to 1, each class to 1 / classes
    centre = weights @ scores
    spread = float(np.sqrt((weights @ (scores - centre) ** 2).mean()))
    if spread < SMALLEST_SPREAD:
        return (0.0,) * classes
    slope, intercepts = fit_slope((scores - centre) / spread, labels, weights)
    shift = intercepts * spread / slope if slope > 0 else np.zeros(classes)
    offsets = shift - centre
    return tuple(float(offset) for offset in offsets - offsets[0])


def fit_slope(
    scores: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray]:
    """Fit P(class c) proportional to exp(slope * scores_c + intercept_c) by Newton's method.

    scores: (n, classes); labels: (n,) class indices; weights: (n,) that sum to 1. Returns the
    slope and the intercepts (classes,), the first of which is 0. The loss is the weighted mean of
    -log P(label) plus RIDGE / 2 * slope^2; it is convex, and halving the step where it does not
    fall reaches its minimum from everywhere.
    """
    n, classes = scores.shape
    design = np.zeros((n, classes, classes))  # of the parameters: slope, intercepts 1, 2, ...
    design[:, :, 0] = scores
    design[:, range(1, classes), range(1, classes)] = 1
    truth = np.eye(classes)[labels]
    ridge = np.zeros(classes)
    ridge[0] = RIDGE

    def look(at: np.ndarray) -> tuple[float, np.ndarray]:
        logits = design @ at
        top = logits.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        loss = weights @ (total - logits[np.arange(n), labels]) + ridge @ at**2 / 2
        return float(loss), np.exp(logits - total[:, None])

    at = np.zeros(classes)
    loss, chance = look(at)
    for _ in range(NEWTON_STEPS):
        slopes = np.einsum("n,nc,ncp->p", weights, chance - truth, design) + ridge * at
        if abs(slopes).max() < CONVERGED:
            break
        mean = np.einsum("nc,ncp->np", chance, design)
        curve = np.einsum("n,nc,ncp,ncq->pq", weights, chance, design, design, optimize=True)
        curve += np.diag(ridge) - np.einsum("n,np,nq->pq", weights, mean, mean)
        step = np.linalg.lstsq(curve, slopes, rcond=None)[0]
        for _ in range(NEWTON_STEPS):
            found, chances = look(at - step)
            if found <= loss:
                break
            step = step / 2
        at, loss, chance = at - step, found, chances
    return float(at[0]), np.r_[0.0, at[1:]]


def _log(probability: np.ndarray) -> np.ndarray:
    return np.log(np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))
