"""Real patients are read once, whoever asks."""

import dataclasses

import numpy as np
import pytest

from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.generation.judging.judge import Judge
from benchmark.generation.judging.real_features import read_once
from benchmark.running import predictions


class Reads:
    """Reads the mean of an image, and counts how many it was shown."""

    shown = 0

    def features(self, images):
        self.shown += len(images)
        return np.asarray(images).mean((2, 3))

    def masks(self, images):
        return (np.asarray(images) > 0.5).astype(np.uint8)

    def probabilities(self, images):
        high = np.asarray(images).mean((1, 2, 3))
        return {"label": np.column_stack([1 - high, high])}


def judge_of(reads, ctx, learned_from=""):
    return Judge("a judge", reads, reads.features, None, ctx, None, learned_from)


@pytest.fixture
def splits():
    return toy_task(2, 2).load(
        Source(image_size=16, train=20, val=12, test=16), toy_task(2, 2).knobs.variant(), 0
    )


@pytest.fixture
def ctx(make_spec):
    return predictions.make_context(
        toy_task(2, 2), predictions.JUDGE, make_spec(), lambda line: None
    )


def test_what_was_read_is_read_once_and_comes_back_as_it_was(splits, ctx):
    reads = Reads()
    first, again = (read_once(splits, judge_of(reads, ctx), "one judge") for _ in range(2))
    assert reads.shown == 16
    for found in (first, again):
        np.testing.assert_array_equal(found.features, splits.test.images.mean((2, 3)))
        np.testing.assert_array_equal(found.masks, reads.masks(splits.test.images))
        assert found.probabilities["label"].shape == (16, 2)


def test_networks_of_other_libraries_read_anew(splits, ctx, monkeypatch):
    reads = Reads()
    read_once(splits, judge_of(reads, ctx), "one judge")
    monkeypatch.setattr("benchmark.generation.image_reader.version", lambda name: "99")
    read_once(splits, judge_of(reads, ctx), "one judge")
    assert reads.shown == 2 * 16


def test_another_judge_and_other_patients_are_read_anew(splits, ctx):
    reads = Reads()
    read_once(splits, judge_of(reads, ctx), "one judge")
    read_once(splits, judge_of(reads, ctx), "another judge")
    read_once(splits, judge_of(reads, ctx, "another train"), "one judge")
    fewer = dataclasses.replace(splits, test=splits.test.take(np.arange(6)))
    read_once(fewer, judge_of(reads, ctx), "one judge")
    assert reads.shown == 16 + 16 + 16 + 6


def test_some_of_the_patients_are_taken_with_all_that_was_read(splits, ctx):
    reads = Reads()
    test = read_once(splits, judge_of(reads, ctx), "one judge")
    some = test.take(np.array([3, 1]))
    np.testing.assert_array_equal(some.features, test.features[[3, 1]])
    assert some.probabilities["label"].shape == (2, 2)
