"""Shuffled groups: the generator of controlnet_synthesis, told the wrong person in every sentence.

Same generator, same masks, same counts; only the attributes in the sentences are dealt anew among
the patients asked for. What controlnet_synthesis gains over this row is owed to drawing the right
people; all else it gains (cells drawn alike, more images by masks of the right label, detail that
is left out of real images) this row has too.
"""

from dataclasses import dataclass
from typing import ClassVar

from benchmark import Predictor, Split, method, ranged
from benchmark.context import RunContext
from benchmark.contracts import GroupsUsed
from methods.controlnet_synthesis.method import draw_patients, learn_from_both
from methods.controlnet_synthesis.plan import plan_patients
from methods.diffusion.base import trained_generator


@method
@dataclass(frozen=True)
class ShuffledGroups:
    """ControlNet synthesis with the attributes shuffled in its sentences."""

    ratio: float = ranged(1.0, 0, 20)  # generated patients per real one
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are generated

    groups_used: ClassVar[GroupsUsed] = "train"
    trains_generator: ClassVar[bool] = True

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Draw patients by sentences about somebody else, then train as the method does."""
        generator = trained_generator(train, ctx)
        rows = plan_patients(train, ctx.card, "even", self.ratio, ctx.rng("plan"))
        said = rows.copy()
        names = [attribute.name for attribute in ctx.card.attributes]
        said[names] = rows[names].to_numpy()[ctx.rng("shuffle").permutation(len(rows))]
        generated = draw_patients(generator, rows, said, train, ctx, "latents")
        return learn_from_both(generator, generated, train, val, ctx, share=self.share)
