"""The oracle and its twin learn from the same patients and select on different ones."""

import numpy as np
import pytest

from baselines.controls import oracle, oracle_biased_val
from benchmark.cohorts.toy import ToyTask
from benchmark.running import predictions

TASK = ToyTask()


@pytest.fixture
def trained(make_spec, monkeypatch):
    """Fit a control; return its predictor and the train and val that the network was given."""

    def fit(module, method):
        seen = {}

        def catch(train, val, ctx):
            seen.update(train=train, val=val)

        monkeypatch.setattr(module, "train_classifier", catch)
        spec = make_spec(seed=3)
        splits = TASK.load(spec.source, spec.variant, spec.seed)
        ctx = predictions.make_context(TASK, method, spec, lambda line: None)
        predictor = method.fit(splits.train, splits.val, ctx)
        return predictor, seen["train"], seen["val"], splits

    return fit


def test_the_twin_learns_from_the_oracles_patients_and_selects_on_the_given_val(trained):
    first = trained(oracle, oracle.Oracle())
    twin = trained(oracle_biased_val, oracle_biased_val.OracleBiasedVal())
    assert (first[1].images == twin[1].images).all()
    assert first[1].table.equals(twin[1].table)
    assert len(first[1]) == len(first[3].train)
    assert twin[2] is twin[3].val
    assert not np.array_equal(first[2].images, twin[2].images)


def test_only_the_oracle_brings_a_val_of_its_own(trained):
    predictor, _, val, _ = trained(oracle, oracle.Oracle())
    assert predictor.val is val
    predictor, *_ = trained(oracle_biased_val, oracle_biased_val.OracleBiasedVal())
    assert not hasattr(predictor, "val")
