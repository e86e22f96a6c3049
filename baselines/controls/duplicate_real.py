"""Duplicated real images: copies of real patients, of every cell as many as were to be generated.

What a generator has to beat: the same counts, the same draws, the same steps, the same detail (all
images pass through the latents), and nothing new. A report in PMLR volume 318 (pink26a) found that
generated images did not beat count-matched copies. A cell without real patients cannot be copied
and stays empty; controlnet_synthesis has fewer patients by those that its filter rejects.
"""

from dataclasses import dataclass

import numpy as np

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.api.context import RunContext
from benchmark.generation.patient_requests import counts_to_add
from methods.shared.classifier_side import preprocessed, preprocessing, train_on_both


@method(
    groups_used="train",
    trains_generator=True,  # for its latents; nothing is trained
)
@dataclass(frozen=True)
class DuplicateReal:
    """Real patients, and copies of them where controlnet_synthesis draws new ones."""

    mode: str = choice("fill", "even")  # the method's own counts
    ratio: float = ranged(1.0, 0, 20)  # copies added per real patient
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are copies
    harmonise: str = choice("latents", "none")  # what all images pass through

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Copy, enlarge the training split, then train the standard classifier on it."""
        counts = counts_to_add(train, ctx.card, self.mode, self.ratio)
        cells, _ = ctx.card.encode_cells(train.table)
        rng = ctx.rng("copies")
        rows_of = [np.flatnonzero(cells == cell) for cell in range(len(counts))]
        rows = np.concatenate(
            [
                np.resize(rng.permutation(own), n)
                for own, n in zip(rows_of, counts, strict=True)
                if len(own)
            ]
        )
        preprocess = preprocessing(train, ctx, self.harmonise)
        real, copies = preprocessed(train, preprocess), preprocessed(train.take(rows), preprocess)
        return train_on_both(
            real, copies, preprocessed(val, preprocess), preprocess, ctx, share=self.share
        )
