"""An estimate of the mix of groups without counting: from areas of regions in the images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmark.api.data import Splits
from benchmark.api.mix_target import Target
from benchmark.generation.judging.group_counter import (
    FEWEST,
    effective_number,
    fits,
    weights_as_in_train,
)
from benchmark.generation.judging.judge import Judge
from benchmark.generation.judging.real_features import RealFeatures
from benchmark.generation.patient_requests import has_mask
from benchmark.metrics import share_metrics
from benchmark.metrics.generation.image_metrics import morphometry

MEASURED = 24  # images of each prompt whose regions are measured, which costs more than counting


def shares_by_anatomy(
    images: np.ndarray, prompts: pd.DataFrame, target: Target, splits: Splits,
    real: RealFeatures, judge: Judge,
) -> list[float] | None:  # fmt: skip
    """Estimate the shares of the groups, (groups,); None where that cannot be.

    images: (prompts, n, channels, size, size). For every prompt, the mean areas of drawn images are
    compared with those of real test patients that the prompt fits, group by group; all else is
    mixed within a group as in train.
    """
    if not has_mask(splits.train.masks).any():
        return None  # the segmenter has learned nothing
    test, labels = splits.test, len(judge.ctx.card.mask_labels)
    areas = morphometry(real.test.masks, labels)
    groups = target.encode(test.table, judge.ctx.card)
    weights = weights_as_in_train(test, splits.train, judge.ctx.card)
    drawn, known, within, counts = [], [], [], []
    for place in range(len(images)):
        fitting = fits(test.table, prompts.iloc[place]) & (weights > 0)
        parts = [np.flatnonzero(fitting & (groups == g)) for g in range(len(target.groups))]
        if min(effective_number(weights[part]) for part in parts) < FEWEST:
            continue
        drawn.append(morphometry(judge.reader.masks(images[place][:MEASURED]), labels).mean(0))
        means = [np.average(areas[part], axis=0, weights=weights[part]) for part in parts]
        known.append(np.stack(means))
        within += [areas[part] - mean for part, mean in zip(parts, means, strict=True)]
        counts += [weights[part] for part in parts]
    if not drawn:
        return None
    spread_within = np.atleast_2d(np.cov(np.concatenate(within).T, aweights=np.concatenate(counts)))
    found = share_metrics.share_by_means(np.stack(drawn), np.stack(known), spread_within)
    return found.tolist() if np.isfinite(found).all() else None
