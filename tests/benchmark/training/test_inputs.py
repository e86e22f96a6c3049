import numpy as np

from benchmark.training import inputs
from benchmark.training.classifier import train_classifier


def test_images_that_do_not_fit_in_memory_are_taken_batch_by_batch(toy, monkeypatch):
    splits, ctx = toy
    whole = train_classifier(splits.train, splits.val, ctx).predict_proba(splits.val.images)
    monkeypatch.setattr(inputs, "RESIDENT_BYTES", 0)
    again = train_classifier(splits.train, splits.val, ctx).predict_proba(splits.val.images)
    assert np.array_equal(whole, again)
