"""How far a measure of images moves by chance: it is taken of random halves of them, many times.

Half of the images without replacement move a smooth measure as far from that of all as another
sample would (the delete-half jackknife: Shao and Wu, Annals of Statistics 1989, 17:1176). A
bootstrap would draw images twice, which distances between images take for copies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from scipy.stats import norm

from benchmark.metrics.generation.evidence import AskedEvidence, Detection, Evidence, Images

HALVES = 16  # enough for an interval whose width is right within a fifth
WIDTH = float(norm.ppf(0.975))  # standard errors to either side of a 95 % interval

Some = TypeVar("Some", bound=Images)
Seen = TypeVar("Seen", bound=Evidence)


def standard_errors(
    measure: Callable[[Seen, Some], Mapping[str, float]],
    evidence: Seen,
    images: Some,
    draws: int = HALVES,
) -> dict[str, float]:
    """Return how far each number of a measure moves with the images and the real ones beside them.

    NaN for a number that one of the halves leaves undefined.
    """
    rng = evidence.rng("halves")
    found = [measure(*random_half(evidence, images, rng)) for _ in range(draws)]
    return {
        name: float(np.std([one.get(name, np.nan) for one in found], ddof=1)) for name in found[0]
    }


def random_half(evidence: Seen, images: Some, rng: np.random.Generator) -> tuple[Seen, Some]:
    """Return half of the images, half of the reference and half of what a detector was shown."""
    half = dataclasses.replace(
        evidence, reference=take(evidence.reference, _half(len(evidence.reference.features), rng))
    )
    if isinstance(half, AskedEvidence):
        shown = half.detection
        rows = _half(len(shown.score), rng)
        some = Detection(shown.drawn[rows], shown.score[rows], shown.labels[rows])
        half = dataclasses.replace(half, detection=some)
    return half, take(images, _half(len(images.features), rng))


def take(images: Some, rows: np.ndarray) -> Some:
    """Return some of the images with all that is known of each."""
    n = len(images.features)
    own: dict[str, Any] = {}
    for field in dataclasses.fields(images):
        value = getattr(images, field.name)
        if isinstance(value, Mapping):
            own[field.name] = {name: part[rows] for name, part in value.items()}
        elif hasattr(value, "iloc"):
            own[field.name] = value.iloc[rows].reset_index(drop=True)
        elif isinstance(value, np.ndarray) and len(value) == n and field.name != "shares":
            own[field.name] = value[rows]
    return dataclasses.replace(images, **own)


def _half(n: int, rng: np.random.Generator) -> np.ndarray:
    return np.sort(rng.permutation(n)[: n // 2])
