"""A run context and a toy cohort for methods that generate."""

import dataclasses

import pytest

from benchmark.api.data import Source
from benchmark.api.declarations import method
from benchmark.cohorts.toy import toy_task
from benchmark.running import predictions


@method(groups_used="train", trains_generator=True)
@dataclasses.dataclass(frozen=True)
class Declares:
    """It may see groups and train a generator."""

    def fit(self, train, val, ctx):
        """Nobody asks."""


@pytest.fixture(scope="session")
def task():
    return toy_task(2, 2)


@pytest.fixture(scope="session")
def splits(task):
    return task.load(Source(image_size=32, train=64, val=32, test=32), task.knobs.variant(), 0)


@pytest.fixture
def ctx(task, make_spec):
    made = predictions.make_context(task, Declares(), make_spec(), lambda line: None)
    return dataclasses.replace(made, precision="float32", say=[].append)
