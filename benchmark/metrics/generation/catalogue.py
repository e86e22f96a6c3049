"""Every metric of the generation track: its function, and how the page shows and explains it.

Judging goes over these entries and calls their functions; the page's tables, its glossary and the
table in docs/reference/generation_track.md are made from them. A new metric is one function and one
entry. It stands in benchmark/metrics and not beside the judge, because the page reads it, and the
page imports nothing of the engine but contracts, metrics and records.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from benchmark.metrics.catalogue import Better
from benchmark.metrics.generation import functions

# What a function looks at beside the images themselves.
Needs = Literal["features", "images", "masks", "groups", "prompts", "detector"]
# Column: of the page's table, a mean where there are several numbers. Groups: of its table by
# group. File: in generation.json alone.
Shown = Literal["column", "groups", "file"]
# Real patients that give the floor: the other half of test, or the reference half itself.
Floor = Literal["other half", "reference half"]

DIRECTIONS: dict[Better, str] = {
    "higher": "Higher is better.",
    "lower": "Lower is better.",
    "neither": "Best near the floor.",
}
SHARE, NUMBER, FINE = "{:.0%}", "{:.2f}", "{:.3f}"


@dataclass(frozen=True)
class GenerationMetric:
    """One metric: what it is called, what it means, and what computes it."""

    title: str
    better: Better
    meaning: str
    needs: Needs
    function: Callable[..., float | Mapping[str, float]]  # (evidence, images) to its numbers
    floor: Floor | float = "other half"  # or the number that no difference would give
    limits: tuple[float, float] = (0.0, 1.0)  # no value lies outside
    fmt: str = NUMBER
    shown: Shown = "column"

    @property
    def help(self) -> str:
        """Say what it means and which way is better."""
        return f"{self.meaning} {DIRECTIONS[self.better]}"

    def format(self, value: float) -> str:
        """Write the value as it is printed; a dash if it is undefined."""
        words = self.fmt.format(value) if math.isfinite(value) else "–"
        return words if float(words.strip("%–") or 1) else words.removeprefix("-")


ANY, ANYWHERE = (0.0, math.inf), (-math.inf, math.inf)

# Of the patients that a generator was asked for, in the order of the page's columns.
ASKED_METRICS: dict[str, GenerationMetric] = {
    "kernel_distance": GenerationMetric(
        "KID",
        "lower",
        "Kernel distance between features of generated and real patients; 0 if alike, and as large "
        "with few images as with many.",
        "features",
        functions.kernel_distance,
        limits=ANYWHERE,
        fmt=FINE,
    ),
    "kernel_distance_by_group": GenerationMetric(
        "KID by group",
        "lower",
        "KID of this group alone.",
        "groups",
        functions.kernel_distance_by_group,
        limits=ANYWHERE,
        fmt=FINE,
        shown="groups",
    ),
    "frechet_distance": GenerationMetric(
        "FID",
        "lower",
        f"Frechet distance of the same features, of {functions.FID_IMAGES} images of each kind or, "
        "in smaller cohorts, of all. It is no Inception distance: the features are the judge's, so "
        "numbers compare within this table only.",
        "features",
        functions.frechet_distance,
        limits=ANY,
    ),
    "precision": GenerationMetric(
        "Precision",
        "higher",
        "Share of generated patients that look like real ones.",
        "features",
        functions.precision,
        fmt=SHARE,
    ),
    "recall": GenerationMetric(
        "Recall",
        "higher",
        "Share of real patients that look like generated ones.",
        "features",
        functions.recall,
        fmt=SHARE,
        shown="file",
    ),
    "density": GenerationMetric(
        "Density",
        "higher",
        "How many real patients a generated one is a neighbour of, over the number of neighbours.",
        "features",
        functions.density,
        limits=ANY,
        shown="file",
    ),
    "coverage": GenerationMetric(
        "Coverage",
        "higher",
        "Share of real patients with a generated one near them.",
        "features",
        functions.coverage,
        fmt=SHARE,
    ),
    "spectrum_ratio": GenerationMetric(
        "Fine detail",
        "neither",
        "Power of the finest waves over that of real images; below 1: too smooth.",
        "images",
        functions.spectrum_ratio,
        floor=1.0,
        limits=ANY,
    ),
    "clip_score": GenerationMetric(
        "CLIP",
        "higher",
        "Mean cosine of image and prompt in a small CLIP of the judge's own.",
        "prompts",
        functions.prompt_cosine,
        limits=(-1.0, 1.0),
    ),
    "dice": GenerationMetric(
        "Mask kept",
        "higher",
        "Overlap of the mask asked for with the one read back (Dice).",
        "masks",
        functions.dice,
    ),
    "dice_by_region": GenerationMetric(
        "Mask kept by region",
        "higher",
        "The same for each region of the mask.",
        "masks",
        functions.dice_by_region,
        shown="file",
    ),
    "label_read_back": GenerationMetric(
        "Label kept",
        "higher",
        "How often the label asked for is read back.",
        "groups",
        functions.label_read_back,
        fmt=SHARE,
    ),
    "attributes_read_back": GenerationMetric(
        "Attributes kept",
        "higher",
        "How often the group asked for is read back, mean over the attributes.",
        "groups",
        functions.attributes_read_back,
        fmt=SHARE,
    ),
    "morphometric_distance": GenerationMetric(
        "Anatomy",
        "lower",
        "How far areas of regions lie from those of real patients, in standard deviations.",
        "masks",
        functions.morphometric_distance,
        limits=ANY,
    ),
    "detection_auroc": GenerationMetric(
        "Detected",
        "lower",
        "How well a network tells generated from real patients; 0.5: not at all.",
        "detector",
        functions.detection_auroc,
        floor=0.5,
    ),
    "detection_auroc_by_label": GenerationMetric(
        "Detected by label",
        "lower",
        "The same within each label.",
        "detector",
        functions.detection_auroc_by_label,
        floor=0.5,
        shown="file",
    ),
    "copy_rate": GenerationMetric(
        "Copied",
        "lower",
        "Share closer to a training patient than real ones usually are, in images averaged to 8 x "
        "8 pixels, so that noise and blur hide no copy.",
        "images",
        functions.copy_rate,
        floor="reference half",
        fmt=SHARE,
    ),
    "membership_auroc": GenerationMetric(
        "Membership",
        "lower",
        "How well closeness to generated patients, in the same pixels, gives training patients "
        "away; 0.5: not at all. A generator that copies a few patients gives only these away.",
        "images",
        functions.membership_auroc,
        floor="reference half",
    ),
}

# Of what neutral prompts draw, in the order of the page's columns.
NEUTRAL_METRICS: dict[str, GenerationMetric] = {
    "kernel_distance_of_mix": GenerationMetric(
        "KID of its mix",
        "lower",
        "KID against test patients mixed as the drawn ones are counted to be: what the images are "
        "worth, whatever the mix.",
        "groups",
        functions.kernel_distance_of_mix,
        limits=ANYWHERE,
        fmt=FINE,
    ),
    "kernel_distance": dataclasses.replace(
        ASKED_METRICS["kernel_distance"],
        meaning="KID of what neutral prompts draw, against test patients, equally many of every "
        "cell: a mix nearer to theirs lowers it, whatever the images look like.",
    ),
    "unasked_shift": GenerationMetric(
        "Unasked",
        "lower",
        "How far tuning moved attributes that are no target, within the groups that are, where the "
        "prompt leaves them open: half the sum of the differences between shares.",
        "groups",
        functions.unasked_shift,
        fmt=SHARE,
    ),
    "clip_score": dataclasses.replace(
        ASKED_METRICS["clip_score"],
        meaning="Mean cosine of image and prompt in a small CLIP of the judge's own.",
    ),
    "coverage": dataclasses.replace(
        ASKED_METRICS["coverage"],
        meaning="Share of real patients of all cells with one of these images near them: it falls "
        "if all images of a prompt are alike.",
    ),
    "copy_rate": ASKED_METRICS["copy_rate"],
    "membership_auroc": ASKED_METRICS["membership_auroc"],
}


def part_name(metric: str, part: str) -> str:
    """Name one of several numbers of a metric in generation.json: "dice_by_region/ventricle"."""
    return f"{metric}/{part}"


def table_lines() -> list[str]:
    """Return the lines of the table of metrics in docs/reference/generation_track.md."""
    lines = ["| name | title | meaning | looks at |", "| --- | --- | --- | --- |"]
    for kind, metrics in (("", ASKED_METRICS), ("neutral: ", NEUTRAL_METRICS)):
        for name, metric in metrics.items():
            lines.append(f"| {kind}`{name}` | {metric.title} | {metric.help} | {metric.needs} |")
    return lines
