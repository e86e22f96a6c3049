"""Group resampling: draw every cell (label x group) equally often.

Idrissi et al., "Simple data balancing achieves competitive worst-group-accuracy", CLeaR 2022,
section 3 (RWG, which draws images with weights). Departure: an image of a rare cell is drawn at
most `limit` times as often as one of the commonest cell, because with intersections of three
attributes some cells hold one or two patients, and without a limit those are memorised.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights


@method(groups_used="train")
@dataclass(frozen=True)
class GroupResampling:
    """Images are drawn with probability inverse to the size of their cell, up to a limit."""

    limit: float = ranged(20.0, 1)  # how much oftener than the commonest cell's an image is drawn

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train on cell-balanced batches."""
        cells, _ = ctx.card.encode_cells(train.table)
        weights = balanced_weights(cells, self.limit)
        return train_classifier(train, val, ctx, draw_weights=weights)
