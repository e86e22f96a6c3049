"""Examines an official judge on patients held out from its training: the numbers of its card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.official.looks import LOOKS, Components, with_look
from benchmark.generation.official.networks import OfficialReader
from benchmark.generation.official.training import truths
from benchmark.generation.text_image_model import Clip, write_prompts
from benchmark.metrics.calibration import expected_calibration_error
from benchmark.metrics.generation.image_metrics import dice
from benchmark.records.judge_card import ReaderQuality
from benchmark.training.augmentation import to_tensor

ALL = "all"
Probabilities = dict[str, np.ndarray]  # of "label" and every attribute, (n, values)


def in_every_look(
    images: np.ndarray, components: Components, ctx: RunContext
) -> dict[str, np.ndarray]:
    """Return the images once in every look, in strengths that change every 64 images."""
    found = {}
    for look in LOOKS:
        rng = ctx.torch_rng(f"official judge: examined {look}")
        parts = [
            with_look(to_tensor(images[i : i + 64], ctx.device), look, components, rng)
            for i in range(0, len(images), 64)
        ]
        found[look] = torch.cat(parts).cpu().numpy()
    return found


def readers_quality(
    reader: OfficialReader, looks: Mapping[str, np.ndarray], held_out: Split,
    temperatures: Mapping[str, dict[str, float]], ctx: RunContext,
) -> dict[str, ReaderQuality]:  # fmt: skip
    """Examine every member and all together. looks: the held-out images, once in every look."""
    said = {
        name: {look: member.probabilities(images) for look, images in looks.items()}
        for name, member in reader.members.items()
    }
    said[ALL] = {
        look: {
            column: np.mean([one[look][column] for one in list(said.values())], axis=0)
            for column in truths(held_out, ctx)
        }
        for look in looks
    }
    return {
        name: _quality(by_look, held_out, temperatures.get(name, {}), ctx)
        for name, by_look in said.items()
    }


def _quality(
    by_look: Mapping[str, Probabilities], held_out: Split, temperature: dict[str, float],
    ctx: RunContext,
) -> ReaderQuality:  # fmt: skip
    truth = truths(held_out, ctx)
    right = {
        look: {column: p[column].argmax(1) == codes for column, codes in truth.items()}
        for look, p in by_look.items()
    }
    clean, every = right["clean"], np.ones((1, len(held_out)))
    return ReaderQuality(
        accuracy=_means(clean),
        calibration_error={
            column: float(expected_calibration_error(codes, by_look["clean"][column], every)[0])
            for column, codes in truth.items()
        },
        temperature=temperature,
        by_look={look: _means(columns) for look, columns in right.items()},
        by_group=_by_part(clean, _groups(held_out, ctx)),
        by_cell=_by_part(clean, _cells(held_out, ctx)),
    )


def _means(right: Mapping[str, np.ndarray], rows: np.ndarray | None = None) -> dict[str, float]:
    chosen = slice(None) if rows is None else rows
    return {column: float(hits[chosen].mean()) for column, hits in right.items()}


def _by_part(
    right: Mapping[str, np.ndarray], parts: Mapping[str, np.ndarray]
) -> dict[str, dict[str, float]]:
    return {name: _means(right, rows) for name, rows in parts.items() if rows.any()}


def _groups(held_out: Split, ctx: RunContext) -> dict[str, np.ndarray]:
    """Return the rows of every value of the label and of each attribute."""
    values = {"label": ctx.card.classes} | {a.name: a.values for a in ctx.card.attributes}
    return {
        f"{column}={value}": (held_out.table[column] == value).to_numpy()
        for column, words in values.items()
        for value in words
    }


def _cells(held_out: Split, ctx: RunContext) -> dict[str, np.ndarray]:
    own = ctx.card.encode_cells(held_out.table)[0]
    words = ctx.card.cells().agg(", ".join, axis=1)
    return {str(cell): own == number for number, cell in enumerate(words)}


def masks_quality(
    reader: OfficialReader, looks: Mapping[str, np.ndarray], held_out: Split, ctx: RunContext
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the Dice of every region, and its mean in every look; both empty without masks."""
    regions, truth = ctx.card.mask_labels, np.asarray(held_out.masks)
    if not truth.any():
        return {}, {}
    found = {
        look: np.nanmean(dice(truth, reader.masks(images), len(regions)), axis=0)
        for look, images in looks.items()
    }
    by_region = dict(zip(regions, map(float, found["clean"]), strict=True))
    return by_region, {look: float(overlaps.mean()) for look, overlaps in found.items()}


@torch.inference_mode()
def prompts_found(clip: Clip, held_out: Split, images: np.ndarray, ctx: RunContext) -> float:
    """Return how often an image lies nearest to its own prompt, among those of all cells."""
    columns = ["label", *(a.name for a in ctx.card.attributes)]
    prompts = write_prompts(held_out.table[columns], ctx.prompt)
    distinct = list(dict.fromkeys(prompts))
    words = clip.embed_prompts(distinct)
    seen = [
        clip.embed_images(to_tensor(images[i : i + 256], ctx.device)) @ words.T
        for i in range(0, len(images), 256)
    ]
    own = np.array([distinct.index(prompt) for prompt in prompts])
    return float((torch.cat(seen).argmax(1).cpu().numpy() == own).mean())
