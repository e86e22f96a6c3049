"""Neutral prompts, which leave the groups open, and the images that generators draw for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.api.context import RunContext
from benchmark.api.data import Splits
from benchmark.api.mix_target import Target
from benchmark.api.protocols import Generator
from benchmark.generation.judging.gallery import draw_before_and_after
from benchmark.generation.neutral_prompts import neutral_requests, spread
from benchmark.generation.patient_requests import ask_for_patients
from benchmark.generation.text_image_model import write_prompts

IMAGES = 100  # of each prompt
TUNED, HELD_OUT = 6, 4  # prompts of each kind, or fewer where the card has fewer
PICTURED, SHOWN = 4, 10  # prompts and images of each that the picture shows


@dataclass(frozen=True)
class NeutralPrompts:
    """The prompts that generators are asked."""

    table: pd.DataFrame  # one row each: label and attributes, None where it is left open
    words: list[str]
    tuned: np.ndarray  # (prompts,) bool: tuning may use it; the others are held out from tuning

    @property
    def kinds(self) -> dict[str, np.ndarray]:
        """Return which prompts are of each kind that there is, (prompts,) bool."""
        kinds = {"tuned": self.tuned, "held_out": ~self.tuned}
        return {kind: rows for kind, rows in kinds.items() if rows.any()}


def chosen_prompts(target: Target, ctx: RunContext) -> NeutralPrompts:
    """Choose some of the prompts that may be tuned on, and some of those held out from tuning."""
    kinds = [
        spread(table, n)
        for table, n in zip(
            neutral_requests(ctx.card, target.columns), (TUNED, HELD_OUT), strict=True
        )
    ]
    table = pd.concat(kinds, ignore_index=True)
    tuned = np.arange(len(table)) < len(kinds[0])
    return NeutralPrompts(table, write_prompts(table, ctx.prompt), tuned)


def draw_each(
    generator: Generator, prompts: pd.DataFrame, splits: Splits, ctx: RunContext
) -> np.ndarray:
    """Draw (prompts, IMAGES, channels, size, size); the same seed on both sides of a tuning."""
    rows = prompts.loc[np.repeat(prompts.index, IMAGES)].reset_index(drop=True)
    size = splits.train.masks.shape[1:]
    empty = np.zeros((len(rows), *size), np.uint8)
    seed = int(ctx.rng("neutral sentences").integers(2**31))
    drawn = ask_for_patients(generator, rows, empty, seed)
    return drawn.reshape(len(prompts), IMAGES, *size)


def picture_some(prompts: NeutralPrompts, images: Mapping[str, np.ndarray], picture: Path) -> None:
    """Draw images of a few prompts, before tuning above after it."""
    tuned = int(prompts.tuned.sum())
    shown = np.linspace(0, tuned - 1, min(PICTURED, tuned)).round().astype(int)
    before = images.get("before")
    draw_before_and_after(
        [prompts.words[place] for place in shown],
        None if before is None else before[shown][:, :SHOWN],
        images["after"][shown][:, :SHOWN],
        picture,
    )
