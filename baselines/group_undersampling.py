"""Group undersampling: throw images of the common cells away until the cells are level.

Idrissi et al., "Simple data balancing achieves competitive worst-group-accuracy", CLeaR 2022,
section 3 (SUBG). Departure: every cell is cut to the `quantile` of the cell sizes, or to
`at_least` images if that is more; with intersections of three attributes the smallest cell is
often a single patient, and cutting everything to it would leave nothing to learn from.
"""

from dataclasses import dataclass

import numpy as np

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier


@method(groups_used="train")
@dataclass(frozen=True)
class GroupUndersampling:
    """The training set is cut down until no cell has more images than a rare one."""

    quantile: float = ranged(0.25, 0, 1)  # of the non-empty cells' sizes: what all are cut to
    at_least: int = ranged(20, 1)  # images kept in every cell that has as many

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train on the levelled subset, for as many steps as everybody else."""
        cells, _ = ctx.card.encode_cells(train.table)
        rows = self.levelled_rows(cells, ctx.rng("undersampling"))
        ctx.say(f"kept {len(rows)} of {len(cells)} training images")
        return train_classifier(train.take(rows), val, ctx)

    def levelled_rows(self, cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Choose rows so that no cell holds more than the level, at random within cells."""
        present, counts = np.unique(cells, return_counts=True)
        level = max(int(np.quantile(counts, self.quantile)), self.at_least)
        kept = [rng.permutation(np.flatnonzero(cells == cell))[:level] for cell in present]
        return np.sort(np.concatenate(kept))
