"""The judge: the networks that measure generators, and what they read in images.

A digital task has official ones, which were trained once and are loaded. Elsewhere they learn from
the real training patients. No generator sees them, nor any test image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.cohorts.identity import split_digest
from benchmark.generation.image_reader import VERSION, trained_reader
from benchmark.generation.judging.feature_extractor import load_extractor
from benchmark.generation.judging.group_counter import GroupCounter, trained_group_counter
from benchmark.generation.official.load import load_judge
from benchmark.generation.text_image_model import Clip, load_clip, trained_clip, write_prompts
from benchmark.metrics.generation.evidence import Sample
from benchmark.presets.settings import ClassifierSettings

Extract = Callable[[np.ndarray], np.ndarray]  # images to features, (n, width)


class Reads(Protocol):
    """Reads label, attributes and masks in images, (n, channels, size, size)."""

    def probabilities(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return "label" and every attribute: probabilities (n, values), in the card's order."""
        ...

    def masks(self, images: np.ndarray) -> np.ndarray:
        """Return the masks read back, (n, channels, size, size) uint8."""
        ...


@dataclass(frozen=True)
class Reading:
    """What the networks read in images of one kind."""

    features: np.ndarray  # (n, width)
    masks: np.ndarray  # (n, channels, size, size), as the segmenter finds them
    probabilities: dict[str, np.ndarray]  # of "label" and every attribute, (n, values)

    def take(self, rows: np.ndarray) -> Reading:
        """Return some of them."""
        some = {name: values[rows] for name, values in self.probabilities.items()}
        return Reading(self.features[rows], self.masks[rows], some)


@dataclass(frozen=True)
class Judge:
    """Networks for label, attributes and masks, for features, and for images with their prompts."""

    name: str  # of its networks; without the code that asks them
    reader: Reads
    extract: Extract
    clip: Clip
    ctx: RunContext
    counter: Callable[[], GroupCounter]  # counts groups; trained when it is first asked for
    learned_from: str  # identifies patients and seed of its networks, where the name does not

    def read(self, images: np.ndarray) -> Reading:
        """Read label, attributes, masks and features in images."""
        return Reading(
            self.extract(images), self.reader.masks(images), self.reader.probabilities(images)
        )

    def sample(self, patients: Split, reading: Reading, *, with_masks: bool = True) -> Sample:
        """Put patients together with what was read in them.

        with_masks=False: their images were drawn by a generator that reads no masks.
        """
        return Sample(
            images=np.asarray(patients.images),
            features=reading.features,
            prompt_cosines=self.prompt_cosines(patients),
            table=patients.table,
            asked_masks=np.asarray(patients.masks) if with_masks else None,
            read_masks=reading.masks,
            probabilities=reading.probabilities,
        )

    def prompt_cosines(self, patients: Split) -> np.ndarray:
        """Return the cosine of every image with the prompt, (n,)."""
        names = ["label", *(a.name for a in self.ctx.card.attributes)]
        prompts = write_prompts(patients.table[names], self.ctx.prompt)
        return self.clip.score(patients.images, prompts)


def judge_for(train: Split, ctx: RunContext, official: Path | None, extractor: str | None) -> Judge:
    """Load the official judge, or train what nobody has trained yet from the training patients.

    official: the folder of the task's judge; None: it has none. extractor: ARCHITECTURE=FILE,
    weights of one's own for the features; None: the judge's.
    """
    judge = _trained(train, ctx) if official is None else _loaded(official, ctx)
    if extractor is None:
        return judge
    own = load_extractor(extractor, ctx.device)
    return dataclasses.replace(judge, name=f"{own.name}; {judge.name}", extract=own.features)


def _loaded(folder: Path, ctx: RunContext) -> Judge:
    found = load_judge(folder, ctx)
    name = f"official judge {found.card.digest[:8]}, {found.card.image_size} pixels"
    counter = GroupCounter(found.reader.members)
    return Judge(name, found.reader, found.reader.features, found.clip, ctx, lambda: counter, "")


def _trained(train: Split, ctx: RunContext) -> Judge:
    reader = trained_reader(train, ctx, "judge", ctx.classifier.backbone)
    clip = load_clip(trained_clip(train, ctx, "judge"), ctx.device)
    return Judge(
        trained_name(ctx.classifier), reader, reader.features, clip, ctx,
        lambda: trained_group_counter(train, reader, ctx), f"{split_digest(train)}, {ctx.seed}",
    )  # fmt: skip


def trained_name(classifier: ClassifierSettings) -> str:
    """Name a judge that learns from the training patients."""
    return (
        f"{VERSION}, {classifier.backbone}, {classifier.steps} steps at "
        f"{classifier.learning_rate:g}"
    )
