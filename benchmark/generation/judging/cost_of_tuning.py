"""What images of neutral sentences are worth, so that the cost of tuning is seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmark.api.mix_target import Target
from benchmark.generation.judging.group_counter import as_in_train, fits
from benchmark.generation.judging.real_features import Judge
from benchmark.generation.metrics import image_metrics

PAIRS = 32  # of images of one sentence, compared for diversity


def price(
    images: np.ndarray, features: np.ndarray, words: list[str], judge: Judge
) -> dict[str, float | None]:
    """Measure what images (sentences, n, channels, size, size) are worth; features: of all."""
    flat = images.reshape(-1, *images.shape[2:])
    spoken = [sentence for sentence in words for _ in range(images.shape[1])]
    within = [image_metrics.similarity(drawn, judge.ctx.rng("pairs"), PAIRS) for drawn in images]
    values = {
        "frechet_distance": image_metrics.frechet_distance(judge.real, features),
        "kernel_distance": image_metrics.kernel_distance(judge.real, features),
        "clip_score": float(judge.clip.score(flat, spoken).mean()),
        "similarity": float(np.mean(within)),
        "copy_rate": image_metrics.copy_rate(judge.train, judge.held_out, features),
        "membership_auroc": image_metrics.membership_auroc(judge.train, judge.held_out, features),
    }
    return {name: float(v) if np.isfinite(v) else None for name, v in values.items()}


def distances_of_mix(
    features: Mapping[str, np.ndarray],
    mixes: Mapping[str, np.ndarray],
    target: Target,
    judge: Judge,
) -> dict[str, float | None]:
    """Compare every side with test patients mixed as its own images are counted to be, (groups,).

    Against patients mixed as the target is, images whose mix comes nearer have a lower Frechet
    distance for that alone. As many patients for each side, some of them the same; how many depends
    on the mixes, so sides can be compared, and rows of other mixes only roughly.
    """
    groups = target.encode(judge.splits.test.table, judge.ctx.card)
    there = [
        judge.ctx.rng(f"patients of group {g}").permutation(np.flatnonzero(groups == g))
        for g in range(len(target.groups))
    ]
    n = most_of_mixes(np.array([len(rows) for rows in there]), np.array(list(mixes.values())))
    if n < 2:  # nobody in test is like some that are drawn
        return dict.fromkeys(features)
    found: dict[str, float | None] = {}
    for name, drawn in features.items():
        rows = [some[: round(n * share)] for some, share in zip(there, mixes[name], strict=True)]
        distance = image_metrics.frechet_distance(judge.test[np.concatenate(rows)], drawn)
        found[name] = float(distance) if np.isfinite(distance) else None
    return found


def most_of_mixes(counts: np.ndarray, mixes: np.ndarray) -> int:
    """Return how many of counts (groups,) can be chosen in each of the mixes (mixes, groups)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = np.where(mixes > 0, counts / mixes, np.inf)
    return int(enough.min())


def real_clip_score(sentences: pd.DataFrame, words: list[str], judge: Judge) -> float | None:
    """Average the CLIP score of test patients whom the sentences fit; None: they fit nobody.

    Every sentence counts alike, and its patients as train has them.
    """
    test, train = judge.splits.test, judge.splits.train
    weights = as_in_train(test, train, judge.ctx.card)
    means = []
    for place, spoken in enumerate(words):
        rows = np.flatnonzero(fits(test.table, sentences.iloc[place]) & (weights > 0))
        if len(rows):
            scores = judge.clip.score(test.images[rows], [spoken] * len(rows))
            means.append(np.average(scores, weights=weights[rows]))
    return float(np.mean(means)) if means else None
