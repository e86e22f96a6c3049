"""Ideal synthesis: new patients of the digital cohort where controlnet_synthesis draws its own.

The ceiling, up to chance, for a generator that is asked for these counts: what it draws cannot be
better than the digital cohort's own patients, in the same detail. The distance from this row to the
oracle is what added patients cannot close.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.api.context import RunContext
from benchmark.generation.patient_requests import counts_to_add, requests_for
from methods.shared.classifier_side import preprocessed, preprocessing, train_on_both

OTHER_PATIENTS = 10_000  # seeds from here on, so that none of the oracle's patients comes again


@method(
    groups_used="train",
    trains_generator=True,  # for its latents; nothing is trained
    extra_data="digital_cohort",
)
@dataclass(frozen=True)
class IdealSynthesis:
    """Real patients, and new ones of the digital cohort where controlnet_synthesis draws."""

    mode: str = choice("fill", "even")  # the method's own counts
    ratio: float = ranged(1.0, 0, 20)  # patients added per real one
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are added patients
    harmonise: str = choice("latents", "none")  # what all images pass through

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Recruit, enlarge the training split, then train the standard classifier on it."""
        counts = counts_to_add(train, ctx.card, self.mode, self.ratio)
        rows = requests_for(ctx.card, counts)
        new = ctx.new_patients(rows, OTHER_PATIENTS + ctx.seed)
        preprocess = preprocessing(train, ctx, self.harmonise)
        added = Split(preprocess(new.images), new.masks, rows)
        return train_on_both(
            preprocessed(train, preprocess),
            added,
            preprocessed(val, preprocess),
            preprocess,
            ctx,
            share=self.share,
        )
