"""Base generator: the rows of alignment_finetuning without the tuning.

The same base, guide, number of drawn patients and classifier. What alignment_finetuning gains over
this row comes from the tuning.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, method, ranged
from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from methods.alignment_finetuning.guide import Guide
from methods.alignment_finetuning.neutral_patients import (
    MixGenerator,
    learn_from_neutral,
    target_of,
)
from methods.shared.latent_generator import LatentGenerator


@method(groups_used="train", trains_generator=True)
@dataclass(frozen=True)
class BaseGenerator:
    """Alignment fine-tuning without the tuning: the generator as skewed as its training set."""

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
        """Draw patients with the untuned base, then train as the method does."""
        target = target_of(self, ctx.card)

        def make(base: LatentGenerator, guide: Guide, train: Split) -> MixGenerator:
            return MixGenerator(base, target)

        return learn_from_neutral(
            make, target, train, val, ctx, ratio=self.ratio, share=self.share, sure=self.sure
        )
