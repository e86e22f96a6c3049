"""A toy task that is made in milliseconds: does a method keep the contract, and does it learn?

A bright blob sits low or high (the label, with some jitter: nobody can be right every time) and
a stripe at the left edge is darker or brighter (the group). In train the two go together, so that
a method which looks at the stripe fails the rare cells of the balanced test split.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from benchmark.api.card import Attribute, TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.data import Source, Split, Splits
from benchmark.api.variant import Knob, Knobs, Variant
from benchmark.support.cache import digest

HEIGHTS = {2: ("low", "high"), 3: ("low", "middle", "high")}
SITES = ("north", "south", "east")
AGREEMENT = 0.9  # share of training images with the usual stripe of their label, at severity 1
JITTER = 0.11  # SD of the blob's height, as a share of the image
BLOB = 0.14  # its radius, likewise
TOY_FACTS = CohortFacts(
    kind="digital",
    name="toy blobs",
    licence="Apache-2.0",
    citation="Made by Equipoise; shows nothing real.",
    caveats="For checking that a method runs. It says nothing about medicine.",
)
STREAMS = ("train", "val", "test", "new", "recruited")
POPULATION_SEED = 2_000_000  # of test and recruited, which are the same for every seed


@dataclass(frozen=True)
class ToyTask:
    """A blob's height is the label, an edge stripe's brightness is the group."""

    groups: int = 2
    classes: int = 2

    digital: ClassVar[CohortFacts] = TOY_FACTS

    def __post_init__(self) -> None:
        allowed = {"groups": (2, 3), "classes": (2, 3)}
        bad = [
            f"{k} is {getattr(self, k)}" for k, v in allowed.items() if getattr(self, k) not in v
        ]
        if bad:
            raise ValueError(f"ToyTask: {'; '.join(bad)}. Allowed for each: 2 or 3.")

    @property
    def card(self) -> TaskCard:
        """The card of this toy task."""
        return TaskCard(
            name=f"toy_{self.groups}_groups_{self.classes}_classes",
            version=1,
            title="Toy blobs",
            question="How high does the blob sit?",
            classes=HEIGHTS[self.classes],
            attributes=(Attribute("site", SITES[: self.groups], "Site"),),
            intersections=(),
            channels=("picture",),
            mask_labels=("blob",),
            field_of_view_mm=None,
            main_metric="worst_group_accuracy",
            citation="Made by Equipoise; asks nothing real.",
        )

    @property
    def knobs(self) -> Knobs:
        """The knobs of this toy task."""
        usual = 1 / self.classes
        return Knobs(
            (
                Knob("severity", "How often a label has its usual stripe in train.", 0, 1.5, 1),
                Knob("prevalence", "Share of the last class in train.", 0.01, 0.99, usual),
                Knob("label_noise", "Share of labels that are wrong.", 0, 0.5, 0, short="noise"),
                Knob("site_shift", "How much brighter test is.", 0, 2, 0, short="site"),
            )
        )

    def load(self, source: Source, variant: Variant, seed: int) -> Splits:
        """Return a biased train and val and the two test populations; nothing is cached."""
        sizes = {"train": source.train, "val": source.val, "test": source.test}
        if source.recruited:
            sizes["recruited"] = source.recruited
        parts = {
            name: self._part(name, n, source.image_size, variant, seed) for name, n in sizes.items()
        }
        shaped_by = [self.card.name, sizes, source.image_size, variant.name, seed]
        return Splits(**parts, fingerprint=digest(shaped_by))

    def _part(self, name: str, n: int, image_size: int, variant: Variant, seed: int) -> Split:
        """Draw one split: train and val by the seed, the test populations always alike."""
        tests = name in ("test", "recruited")
        stream = STREAMS.index(name)
        rng = np.random.default_rng([POPULATION_SEED if tests else seed, stream])
        table = self._balanced(n) if name == "test" else self._biased(n, variant, rng)
        images, masks = self._draw(table, image_size, variant["site_shift"] if tests else 0.0, rng)
        if not tests:
            table["label"] = self._flip(table["label"], variant["label_noise"], rng)
        return Split(images, masks, _with_ids(table, name))

    def new_patients(self, requests: pd.DataFrame, source: Source, seed: int) -> Split:
        """Make one new picture per row of requests (label and site, in words)."""
        rng = np.random.default_rng([seed, STREAMS.index("new")])
        table = requests[["label", "site"]].reset_index(drop=True)
        images, masks = self._draw(table, source.image_size, 0.0, rng)
        return Split(images, masks, _with_ids(table, "new"))

    def prompt(self, row: Mapping[str, object]) -> str:
        """Describe one picture in a sentence; leave out what the row does not hold."""
        place = f" from the {row['site']} site" if row.get("site") else ""
        blob = f" with a {row['label']} blob" if row.get("label") else ""
        return f"a picture{place}{blob}"

    def _biased(self, n: int, variant: Variant, rng: np.random.Generator) -> pd.DataFrame:
        last = variant["prevalence"]
        shares = [*[(1 - last) / (self.classes - 1)] * (self.classes - 1), last]
        labels = rng.choice(self.classes, size=n, p=shares)
        # A site drawn at random agrees by chance too: `usual` makes AGREEMENT hold at severity 1.
        chance = 1 / self.groups
        usual = min(variant["severity"] * (AGREEMENT - chance) / (1 - chance), 1.0)
        anywhere = rng.integers(self.groups, size=n)
        sites = np.where(rng.random(n) < usual, labels % self.groups, anywhere)
        return pd.DataFrame(
            {
                "label": np.array(HEIGHTS[self.classes], object)[labels],
                "site": np.array(SITES, object)[sites],
            }
        )

    def _balanced(self, at_least: int) -> pd.DataFrame:
        cells = list(itertools.product(HEIGHTS[self.classes], SITES[: self.groups]))
        return pd.DataFrame(cells * -(-at_least // len(cells)), columns=["label", "site"])

    def _flip(self, labels: pd.Series, share: float, rng: np.random.Generator) -> pd.Series:
        codes = self._codes(labels, HEIGHTS[self.classes])
        rows = rng.permutation(len(codes))[: round(share * len(codes))]
        codes[rows] = (codes[rows] + 1) % self.classes
        return pd.Series(np.array(HEIGHTS[self.classes], object)[codes])

    def _draw(
        self, table: pd.DataFrame, image_size: int, shift: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw images (n, 1, size, size) float32 in [0, 1] and masks of the same shape, uint8."""
        n = len(table)
        label = self._codes(table["label"], HEIGHTS[self.classes])
        site = self._codes(table["site"], SITES)
        y, x = (np.mgrid[:image_size, :image_size] + 0.5) / image_size
        height = 0.25 + 0.5 * label / (self.classes - 1) + rng.normal(0, JITTER, n)
        across = rng.uniform(0.45, 0.75, n)
        distance = np.hypot(y - 1 + height[:, None, None], x - across[:, None, None])
        image = 0.15 + 0.5 * np.exp(-0.5 * (distance / BLOB) ** 2)
        image[:, x < 0.15] += 0.6 * (site / (self.groups - 1))[:, None]
        image += 0.15 * shift + rng.normal(0, 0.04, image.shape)
        images = np.clip(image, 0, 1).astype(np.float32)[:, None]
        return images, (distance < BLOB).astype(np.uint8)[:, None]

    @staticmethod
    def _codes(column: pd.Series, values: Sequence[str]) -> np.ndarray:
        return pd.Categorical(column, categories=list(values)).codes.astype(np.int64)


def _with_ids(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Put image_id and patient_id in front; every toy patient has one image."""
    ids = [f"{split}-{row:05d}" for row in range(len(table))]
    return pd.concat([pd.DataFrame({"image_id": ids, "patient_id": ids}), table], axis=1)


def toy_task(n_groups: int = 2, classes: int = 2) -> ToyTask:
    """Return a toy task with two or three groups and two or three classes."""
    return ToyTask(groups=n_groups, classes=classes)
