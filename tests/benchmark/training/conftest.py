import dataclasses

import pytest

from benchmark.api.declarations import method
from benchmark.cohorts.toy import ToyTask
from benchmark.running import predictions

TASK = ToyTask()


@method(groups_used="train")
@dataclasses.dataclass(frozen=True)
class Plain:
    """It may see groups."""

    def fit(self, train, val, ctx):
        """Nobody asks."""


@pytest.fixture
def toy(make_spec):
    spec = make_spec()
    splits = TASK.load(spec.source, spec.variant, spec.seed)
    return splits, predictions.make_context(TASK, Plain(), spec, lambda line: None)
