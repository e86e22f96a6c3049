"""The functions of the catalogue: each gets evidence and the images that it is to measure.

A function returns a number, or numbers by name; NaN where one is undefined. Metrics that torch
computes are imported where they are called, so that the page reads the catalogue without torch.
"""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmark.api.mix_target import codes_of
from benchmark.metrics.generation import feature_metrics, image_metrics
from benchmark.metrics.generation.evidence import (
    AskedEvidence,
    Evidence,
    Images,
    NeutralEvidence,
    NeutralImages,
    Sample,
)
from benchmark.metrics.generation.image_metrics import coarse_pixels

FID_IMAGES = 1000  # of each kind, because FID falls as their number grows


def frechet_distance(evidence: Evidence, images: Images) -> float:
    """Compare features with those of the reference half; both are equally many for every generator.

    NaN where there are too few to estimate a Gaussian of that width.
    """
    from benchmark.metrics.generation import torch_metrics

    rng = evidence.rng("images for FID")
    chosen = [rng.permutation(kind.features)[:FID_IMAGES] for kind in (evidence.reference, images)]
    n = min(map(len, chosen))
    if n <= images.features.shape[1]:
        return np.nan
    return torch_metrics.frechet_distance(chosen[0][:n], chosen[1][:n])


def kernel_distance(evidence: Evidence, images: Images) -> float:
    """Compare features with those of the reference half."""
    from benchmark.metrics.generation import torch_metrics

    return torch_metrics.kernel_distance(evidence.reference.features, images.features)


def kernel_distance_by_group(evidence: Evidence, sample: Sample) -> dict[str, float]:
    """Compare features within every attribute value."""
    from benchmark.metrics.generation import torch_metrics

    found = {}
    for attribute in evidence.card.attributes:
        for value in attribute.values:
            real, drawn = (
                kind.features[(kind.table[attribute.name] == value).to_numpy()]
                for kind in (evidence.reference, sample)
            )
            found[f"{attribute.name}/{value}"] = torch_metrics.kernel_distance(real, drawn)
    return found


def precision(evidence: Evidence, images: Images) -> float:
    """Share of the images inside the cloud of the reference half."""
    return feature_metrics.precision(evidence.reference.features, images.features)


def recall(evidence: Evidence, images: Images) -> float:
    """Share of the reference half inside the cloud of the images."""
    return feature_metrics.recall(evidence.reference.features, images.features)


def density(evidence: Evidence, images: Images) -> float:
    """How many balls of the reference half an image lies in."""
    return feature_metrics.density(evidence.reference.features, images.features)


def coverage(evidence: Evidence, images: Images) -> float:
    """Share of the balls of the reference half that hold an image."""
    return feature_metrics.coverage(evidence.reference.features, images.features)


def spectrum_ratio(evidence: Evidence, images: Images) -> float:
    """Compare the power of the finest waves with that of the reference half."""
    return image_metrics.spectrum_ratio(evidence.reference.images, images.images)


def prompt_cosine(evidence: Evidence, images: Images) -> float:
    """Average the cosines of images with their prompts."""
    return float(images.prompt_cosines.mean())


def dice(evidence: Evidence, sample: Sample) -> float:
    """Average over regions how well the masks that are read overlap those asked for."""
    return float(_overlaps(evidence, sample).mean())


def dice_by_region(evidence: Evidence, sample: Sample) -> dict[str, float]:
    """Give the same for every region."""
    overlaps = _overlaps(evidence, sample).tolist()
    return dict(zip(evidence.card.mask_labels, overlaps, strict=True))


def _overlaps(evidence: Evidence, sample: Sample) -> np.ndarray:
    """Return the mean Dice of every region, (regions,); NaN if no masks were asked for."""
    labels, asked = len(evidence.card.mask_labels), sample.asked_masks
    if asked is None or not asked.any():
        return np.full(labels, np.nan)
    rows = np.flatnonzero(asked.any((1, 2, 3)))
    return np.nanmean(image_metrics.dice(asked[rows], sample.read_masks[rows], labels), axis=0)


def label_read_back(evidence: Evidence, sample: Sample) -> float:
    """How often the classifier reads the label that was asked for."""
    return _read_back(evidence, sample, "label")


def attributes_read_back(evidence: Evidence, sample: Sample) -> dict[str, float]:
    """How often the classifier reads the value that was asked for, by attribute."""
    names = [attribute.name for attribute in evidence.card.attributes]
    return {name: _read_back(evidence, sample, name) for name in names}


def _read_back(evidence: Evidence, sample: Sample, column: str) -> float:
    asked = codes_of(evidence.card, column, sample.table)
    return float((sample.probabilities[column].argmax(1) == asked).mean())


def morphometric_distance(evidence: Evidence, sample: Sample) -> float:
    """Compare areas of the regions with those of the reference half."""
    labels = len(evidence.card.mask_labels)
    return image_metrics.morphometric_distance(
        image_metrics.morphometry(evidence.reference.read_masks, labels),
        image_metrics.morphometry(sample.read_masks, labels),
    )


def detection_auroc(evidence: AskedEvidence, sample: Sample) -> float:
    """How well a network tells drawn from real images."""
    return float(roc_auc_score(evidence.detection.drawn, evidence.detection.score))


def detection_auroc_by_label(evidence: AskedEvidence, sample: Sample) -> dict[str, float]:
    """Give the same within every label."""
    found, seen = {}, evidence.detection
    for label in evidence.card.classes:
        rows = seen.labels == label
        found[label] = float(roc_auc_score(seen.drawn[rows], seen.score[rows]))
    return found


def copy_rate(evidence: Evidence, images: Images) -> float:
    """Share of the images that lie closer to a training patient than real ones usually do."""
    return feature_metrics.copy_rate(evidence.train, evidence.val, coarse_pixels(images.images))


def membership_auroc(evidence: Evidence, images: Images) -> float:
    """How well closeness to the images separates training from validation patients."""
    return feature_metrics.membership_auroc(
        evidence.train, evidence.val, coarse_pixels(images.images)
    )


def kernel_distance_of_mix(evidence: NeutralEvidence, images: NeutralImages) -> float:
    """Compare features with those of test patients mixed as these images are counted to be.

    Against a fixed mix of patients, images whose mix comes nearer to it have a lower distance for
    that alone.
    """
    from benchmark.metrics.generation import torch_metrics

    shuffled = [
        evidence.rng(f"patients of group {g}").permutation(np.flatnonzero(evidence.groups == g))
        for g in range(len(images.shares))
    ]
    n = most_of_mix(np.array([len(rows) for rows in shuffled]), images.shares)
    rows = [own[: round(n * share)] for own, share in zip(shuffled, images.shares, strict=True)]
    return torch_metrics.kernel_distance(evidence.test[np.concatenate(rows)], images.features)


def most_of_mix(counts: np.ndarray, mix: np.ndarray) -> int:
    """Return how many of counts (groups,) can be chosen in a mix of shares, (groups,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = np.where(mix > 0, counts / mix, np.inf)
    return int(enough.min())


def unasked_shift(evidence: NeutralEvidence, images: NeutralImages) -> float:
    """How far tuning moved what it was not to move: attributes within the groups that are aligned.

    Half the sum of absolute differences between the shares of an attribute's values in images of
    one group before tuning and after it, for prompts that leave the attribute open; mean over
    attributes and groups, weighed by the images of each. NaN for a generator that was not tuned.
    """
    before = evidence.untuned
    if before is None or before is images:
        return np.nan
    moved, weights = [], []
    for column, is_open in evidence.unasked.items():
        rows = [is_open[side.prompts] for side in (before, images)]
        for g in range(len(images.shares)) if min(part.sum() for part in rows) else ():
            shares = [
                np.average(side.probabilities[column][own], axis=0, weights=side.groups[own, g])
                for side, own in zip((before, images), rows, strict=True)
            ]
            moved.append(np.abs(shares[0] - shares[1]).sum() / 2)
            weights.append(images.groups[rows[1], g].sum())
    return float(np.average(moved, weights=weights)) if moved else np.nan
