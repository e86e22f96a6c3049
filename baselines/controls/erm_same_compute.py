"""ERM with more compute: plain training for three times the steps.

A method that trains twice, or trains a generator first, must not be credited with what longer
training alone would have given. No baseline takes more steps than plain ERM; set `steps_factor` to
what the costliest row of your table has spent, which its provenance tells.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, method, ranged
from benchmark.api.context import RunContext
from benchmark.training.classifier import train_classifier


@method(groups_used="never")
@dataclass(frozen=True)
class ERMSameCompute:
    """ERM for a multiple of the usual steps."""

    steps_factor: float = ranged(3.0, 1)  # how many times the preset's steps

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Train the standard classifier for longer."""
        return train_classifier(train, val, ctx, steps_factor=self.steps_factor)
