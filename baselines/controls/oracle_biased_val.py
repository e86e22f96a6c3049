"""Oracle with a biased val: unbiased training patients, selected on the same val as everybody else.

The ceiling that a method can reach by what it learns alone. The oracle also recruits its val
without bias; what lies between the two rows is the price of choosing epoch and threshold on biased
patients.
"""

from dataclasses import dataclass

from benchmark import Predictor, Split, method
from benchmark.api.context import RunContext
from benchmark.generation.patient_requests import recruit_evenly
from benchmark.training.classifier import train_classifier


@method(groups_used="train", extra_data="digital_cohort")
@dataclass(frozen=True)
class OracleBiasedVal:
    """ERM on the oracle's training patients, with the val that the other methods have."""

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Recruit the oracle's balanced training patients, then train as ERM does."""
        return train_classifier(recruit_evenly(ctx, len(train), place=0), val, ctx)
