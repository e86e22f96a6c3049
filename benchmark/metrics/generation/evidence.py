"""What a metric of the generation track may look at: arrays, and none of the networks behind them.

It imports no torch, because the page reads the catalogue of these metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard


@dataclass(frozen=True)
class Images:
    """Images, (n, channels, size, size) in [0, 1], and what the judge's networks make of them."""

    images: np.ndarray
    features: np.ndarray  # (n, width)
    prompt_cosines: np.ndarray  # (n,), of each image with its prompt, in the judge's CLIP


@dataclass(frozen=True)
class Sample(Images):
    """Images of patients, what they should show, and what the judge reads in them."""

    table: pd.DataFrame  # label and attributes that they should show, in words
    asked_masks: np.ndarray | None  # masks that they should show; None: their generator reads none
    read_masks: np.ndarray  # masks that the segmenter reads in them
    probabilities: Mapping[str, np.ndarray]  # of "label" and every attribute, (n, values)


@dataclass(frozen=True)
class NeutralImages(Images):
    """What neutral prompts draw."""

    prompts: np.ndarray  # (n,), the number of the prompt of each image
    shares: np.ndarray  # (groups,), as counted in them
    groups: np.ndarray  # (n, groups), probabilities of the groups whose mix is the target
    probabilities: Mapping[str, np.ndarray]  # of "label" and every attribute, (n, values)


@dataclass(frozen=True)
class Detection:
    """What a network that learned to tell drawn from real images says of pairs held out from it."""

    drawn: np.ndarray  # (n,), 1 for drawn images, 0 for real ones
    score: np.ndarray  # (n,), the probability that an image is drawn
    labels: np.ndarray  # (n,), the label that each image should show, in words


@dataclass(frozen=True)
class Evidence:
    """Real patients to compare with. The generator has seen those of train alone."""

    card: TaskCard
    reference: Sample  # the half of test that images are compared with
    other: Sample  # the other half: its numbers are the floor
    train: np.ndarray  # coarse pixels (n, width) of the training patients
    val: np.ndarray  # coarse pixels (n, width) of the validation patients
    rng: Callable[[str], np.random.Generator]  # one generator for each purpose


@dataclass(frozen=True)
class AskedEvidence(Evidence):
    """The patients that the generator was asked for, beside real ones."""

    drawn: Sample
    detection: Detection


@dataclass(frozen=True)
class NeutralEvidence(Evidence):
    """What judges neutral prompts: test patients by group, and what was drawn before tuning."""

    test: np.ndarray  # features (n, width) of all test patients
    groups: np.ndarray  # (n,), the group of each of them, as a number
    # "label" and attributes whose shares are no target: which prompts leave them open, (prompts,).
    unasked: Mapping[str, np.ndarray]
    untuned: NeutralImages | None  # what the generator drew before tuning; None: it was not tuned
