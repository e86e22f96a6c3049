"""Groups in the prompt: alignment_finetuning's rows with words instead of tuning.

If you may change the prompt, you need no tuned generator: where a prompt leaves open what the
target is about, this control draws a group from the target and puts it into the prompt. Base,
guide, number of drawn patients and classifier are the same. It is as good as the base is at
following prompts. Tuning is worth its minutes if it does better, or if the prompt cannot be
changed.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from benchmark import Predictor, Split, method, ranged
from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.mix_target import Target
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.neutral_patients import (
    MixGenerator,
    learn_from_neutral,
    target_of,
)
from methods.shared.latent_generator import LatentGenerator


@dataclass(frozen=True)
class PromptingGenerator:
    """A generator whose prompts name a group of the target where they left that open."""

    base: LatentGenerator
    target: Target
    reads_masks: ClassVar[bool] = False

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw images (n, channels, size, size)."""
        return self.base.generate(with_groups(requests, self.target, seed), masks, seed)

    def smooth(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw the same without scanner noise."""
        return self.base.smooth(with_groups(requests, self.target, seed), masks, seed)


def with_groups(requests: pd.DataFrame, target: Target, seed: int) -> pd.DataFrame:
    """Return the requests with words for what they leave open of the target's columns."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(target.groups), size=len(requests), p=target.shares)
    words = [target.groups[group] for group in drawn]
    table = pd.DataFrame(words, columns=list(target.columns), index=requests.index, dtype=object)
    filled = {n: requests[n].where(requests[n].notna(), table[n]) for n in target.columns}
    return requests.assign(**filled)


@method(
    groups_used="train",
    trains_generator=True,
    by_default=False,  # a default matrix has to end within half an hour
)
@dataclass(frozen=True)
class GroupsInPrompt:
    """Alignment fine-tuning without the tuning: the prompt names a group drawn from the target."""

    # The fields of alignment_finetuning that say what is measured and learned: give both the same.
    aligns: str = ""
    target: str = "uniform"
    ratio: float = ranged(0.5, 0, 20)
    share: float = ranged(0.5, 0, 1)
    sure: float = ranged(0.8, 0, 1)

    def check(self, card: TaskCard) -> None:
        """Refuse columns and a target that the card does not have, before any work."""
        target_of(self, card)

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Draw patients with the untuned base, groups in its prompts; train as the method does."""
        target = target_of(self, ctx.card)

        def make(base: LatentGenerator, guide: Guide, train: Split) -> MixGenerator:
            return MixGenerator(PromptingGenerator(base, target), target)

        return learn_from_neutral(
            make, target, train, val, ctx, ratio=self.ratio, share=self.share, sure=self.sure
        )
