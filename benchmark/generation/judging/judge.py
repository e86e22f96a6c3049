"""The judge: the official networks that measure generators, and what they read in images.

They learn from the real training patients. No generator sees them, nor any test image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.image_reader import Reader, trained_reader
from benchmark.generation.judging.feature_extractor import load_extractor
from benchmark.generation.text_image_model import Clip, load_clip, trained_clip, write_prompts
from benchmark.metrics.generation.evidence import Sample

Extract = Callable[[np.ndarray], np.ndarray]  # images to features, (n, width)


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

    reader: Reader
    extract: Extract
    clip: Clip
    ctx: RunContext

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


def trained_judge(train: Split, ctx: RunContext, extractor: str | None) -> tuple[Judge, str]:
    """Train what nobody has trained yet; return the judge and the name of its own extractor.

    extractor: ARCHITECTURE=FILE, weights of one's own for the features; None: the reader's
    features, and an empty name.
    """
    reader = trained_reader(train, ctx, "judge", ctx.classifier.backbone)
    clip = load_clip(trained_clip(train, ctx, "judge"), ctx.device)
    if extractor is None:
        return Judge(reader, reader.features, clip, ctx), ""
    own = load_extractor(extractor, ctx.device)
    return Judge(reader, own.features, clip, ctx), own.name
