"""Duplicated real images: as many of every cell as controlnet_synthesis draws, but copies.

What a generator has to beat: the same counts, the same draws, the same steps, and nothing new. A
report in PMLR volume 318 (pink26a) found that generated images did not beat count-matched copies.
A cell that no real patient is in cannot be copied and is left empty.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark import Predictor, Split, choice, method, ranged
from benchmark.context import RunContext
from benchmark.contracts import GroupsUsed
from benchmark.filling import counts_to_add, draw_weights, enlarged
from benchmark.training import train_classifier


@method
@dataclass(frozen=True)
class DuplicateReal:
    """Real patients, and copies of them where controlnet_synthesis draws new ones."""

    mode: str = choice("fill", "even")  # the method's own counts
    ratio: float = ranged(1.0, 0, 20)  # copies added per real patient
    share: float = ranged(0.5, 0, 1)  # of the draws of a batch that are copies

    groups_used: ClassVar[GroupsUsed] = "train"

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Copy, enlarge the training split, then train the standard classifier on it."""
        counts = counts_to_add(train, ctx.card, self.mode, self.ratio)
        cells, _ = ctx.card.encode_cells(train.table)
        rng = ctx.rng("copies")
        owners = [np.flatnonzero(cells == cell) for cell in range(len(counts))]
        rows = np.concatenate(
            [
                np.resize(rng.permutation(own), n)
                for own, n in zip(owners, counts, strict=True)
                if len(own)
            ]
        )
        copies = train.take(rows)
        weights = draw_weights(train, copies.table, ctx.card, self.share)
        both = enlarged(train, copies.images, copies.masks, copies.table)
        return train_classifier(both, val, ctx, draw_weights=weights)
