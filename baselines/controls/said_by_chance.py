"""Said by chance: the rows of alignment_finetuning with words in the place of tuning.

Whoever may change the sentence needs no tuned generator: where a sentence leaves open what the
target is about, a group is drawn from the target and said. The same base, guide, number of drawn
patients and classifier. It is as good as the base is at doing what it is told; a tuning that is
worth its minutes is better, or is for those who cannot change what is asked.
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
class Saying:
    """A generator that is told a group of the target where its sentence leaves that open."""

    base: LatentGenerator
    target: Target
    reads_masks: ClassVar[bool] = False

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw images (n, channels, size, size)."""
        return self.base.generate(said(requests, self.target, seed), masks, seed)

    def smooth(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw the same without noise."""
        return self.base.smooth(said(requests, self.target, seed), masks, seed)


def said(requests: pd.DataFrame, target: Target, seed: int) -> pd.DataFrame:
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
class SaidByChance:
    """Alignment fine-tuning without the tuning: a group of the target is said in the sentence."""

    # The fields of alignment_finetuning that say what is judged and learned: give both the same.
    aligns: str = ""
    target: str = "uniform"
    ratio: float = ranged(0.5, 0, 20)
    share: float = ranged(0.5, 0, 1)
    sure: float = ranged(0.8, 0, 1)

    def check(self, card: TaskCard) -> None:
        """Refuse columns and a target that the card does not have, before any work."""
        target_of(self, card)

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Draw patients with the untuned base, told who they are, then train as the method does."""
        target = target_of(self, ctx.card)

        def make(base: LatentGenerator, guide: Guide, train: Split) -> MixGenerator:
            return MixGenerator(Saying(base, target), target)

        return learn_from_neutral(
            make, target, train, val, ctx, ratio=self.ratio, share=self.share, sure=self.sure
        )
