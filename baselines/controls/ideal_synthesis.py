"""Ideal synthesis: the cells filled with new patients of the digital cohort.

The ceiling for any generator: what it draws cannot be better than the patients themselves. Whatever
a generative method lacks of this row is the generator's fault, whatever this row lacks of the
oracle is what filling cells cannot mend.
"""

from dataclasses import dataclass
from typing import ClassVar

from benchmark import Predictor, Split, method, ranged
from benchmark.context import RunContext
from benchmark.contracts import GroupsUsed
from benchmark.filling import cell_sizes, draw_weights, enlarged, level_counts, requests_for
from benchmark.training import train_classifier

OTHER_PATIENTS = 10_000  # seeds from here on, so that nobody of the oracle's cohorts comes again


@method
@dataclass(frozen=True)
class IdealSynthesis:
    """Real patients, and new patients of the digital cohort where cells lack them."""

    ratio: float = ranged(1.0, 0, 20)  # patients added per real one
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are added patients

    groups_used: ClassVar[GroupsUsed] = "train"
    extra_data: ClassVar[str] = "digital_cohort"

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Recruit, enlarge the training split, then train the standard classifier on it."""
        missing = level_counts(cell_sizes(train, ctx.card), round(self.ratio * len(train)))
        rows = requests_for(ctx.card, missing)
        new = ctx.new_patients(rows, OTHER_PATIENTS + ctx.seed)
        weights = draw_weights(train, rows, ctx.card, self.share)
        both = enlarged(train, new.images, new.masks, rows)
        return train_classifier(both, val, ctx, draw_weights=weights)
