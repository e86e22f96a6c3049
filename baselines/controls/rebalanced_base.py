"""Rebalanced base: the base generator trained on with groups drawn as the target says, no tuning.

The rival that alignment_finetuning has to beat: if you have the groups of the training patients,
you can simply show them to the generator equally often. It starts from the same base and is trained
on for half of the base's steps (at `quick` two thirds of what tuning costs), the cells of a group
drawn alike; same number of drawn patients, same classifier."""

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
from methods.shared.base import rebalanced_base
from methods.shared.latent_generator import LatentGenerator


@method(groups_used="train", trains_generator=True)
@dataclass(frozen=True)
class RebalancedBase:
    """Alignment fine-tuning's base, trained on with group-balanced sampling instead of tuned."""

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
        """Train the base on, groups as in the target, draw patients, train as the method does."""
        target = target_of(self, ctx.card)

        def make(base: LatentGenerator, guide: Guide, train: Split) -> MixGenerator:
            return MixGenerator(rebalanced_base(train, target, ctx), target)

        return learn_from_neutral(
            make, target, train, val, ctx, ratio=self.ratio, share=self.share, sure=self.sure
        )
