"""Shuffled groups: the generator of controlnet_synthesis with the wrong attributes in every prompt.

Same generator, same masks, same counts. Only the attributes in the prompts are permuted among the
patients asked for, and the filter checks mask and label, not attributes. What controlnet_synthesis
gains over this row comes from drawing the right groups. All else that it gains (cells drawn alike,
more images by masks of the right label, detail removed from real images) this row gains too.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.api.context import RunContext
from methods.controlnet_synthesis.method import ControlNetSynthesis
from methods.shared.controlnet import trained_generator


@method(groups_used="train", trains_generator=True)
@dataclass(frozen=True)
class ShuffledGroups:
    """ControlNet synthesis with the attributes shuffled in its prompts."""

    # The fields of controlnet_synthesis: give both the same.
    mode: str = choice("fill", "even", "copy", "random")
    mix: str = choice("both", "synthetic")
    ratio: float = ranged(1.0, 0, 20)
    share: float = ranged(0.5, 0, 1)
    harmonise: str = choice("latents", "noise", "none")
    filtered: bool = True

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Draw patients with others' attributes in the prompts, then train as the method does."""
        names = [attribute.name for attribute in ctx.card.attributes]

        def shuffle(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
            others = rows[names].to_numpy()[rng.permutation(len(rows))]
            return rows.assign(**dict(zip(names, others.T, strict=True)))

        method = ControlNetSynthesis(**dataclasses.asdict(self))
        return method.learn(trained_generator(train, ctx), train, val, ctx, shuffle)
