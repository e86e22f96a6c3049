"""What reaches the classifier; how well it learns is measured, not tested."""

import numpy as np
import pytest
import torch

from baselines.controls import shuffled_groups
from benchmark.api.data import Source
from benchmark.cohorts.toy import toy_task
from benchmark.running import predictions
from methods.controlnet_synthesis import method as module
from methods.controlnet_synthesis.method import ControlNetSynthesis
from methods.shared import classifier_side

TASK = toy_task(2, 2)
SPLITS = TASK.load(Source(image_size=32, train=40, val=16, test=8), TASK.knobs.variant(), 0)


class Painter:
    """Draws grey patients."""

    def smooth(self, rows, masks, seed):
        return np.full(masks.shape, 0.5, np.float32)

    generate = smooth


class Halves:
    """Latents that hold half of an image."""

    def encode(self, images):
        return torch.from_numpy(np.asarray(images))

    def decode(self, latents):
        return latents / 2


@pytest.fixture
def learned(make_spec, monkeypatch):
    """Fit with these fields and return what the classifier would have learned from."""

    def fit(method=None, **fields):
        preprocessed = {}

        def catch(train, val, ctx, draw_weights):
            preprocessed.update(train=train, val=val, weights=draw_weights)

        monkeypatch.setattr(classifier_side, "train_classifier", catch)
        monkeypatch.setattr(classifier_side, "codec_of", lambda train, ctx: Halves())
        for user in (module, shuffled_groups):
            monkeypatch.setattr(user, "trained_generator", lambda train, ctx: Painter())
        method = method or ControlNetSynthesis(**{"filtered": False, **fields})
        ctx = predictions.make_context(TASK, method, make_spec(), lambda line: None)
        predictor = method.fit(SPLITS.train, SPLITS.val, ctx)
        return preprocessed["train"], preprocessed["val"], preprocessed["weights"], predictor

    return fit


def test_real_and_generated_patients_stand_together(learned):
    train, val, weights, predictor = learned(share=0.25)
    assert len(train) == 80
    assert weights[40:].sum() == pytest.approx(0.25)
    np.testing.assert_allclose(train.images[:40], SPLITS.train.images / 2)
    np.testing.assert_allclose(val.images, SPLITS.val.images / 2)
    assert isinstance(predictor.generator, Painter)


def test_generated_patients_alone(learned):
    train, _, weights, _ = learned(mix="synthetic")
    assert len(train) == 40
    assert set(np.unique(train.images)) == {0.5}
    assert weights.sum() == pytest.approx(1)


def test_real_images_stay_as_they_are_where_they_should(learned):
    train, _, _, _ = learned(harmonise="none")
    np.testing.assert_array_equal(train.images[:40], SPLITS.train.images)


def test_a_lie_changes_what_is_told_and_neither_whom_nor_by_which_mask(learned, monkeypatch):
    drawn = []

    def draw(draw, rows, asked, train, ctx, sample_filter):
        drawn.append((rows, asked))
        return train.take(np.arange(4))

    monkeypatch.setattr(module, "draw_patients", draw)
    learned()
    learned(method=shuffled_groups.ShuffledGroups(filtered=False))
    (rows, asked), (other_rows, lied) = drawn
    assert asked.equals(rows) and other_rows.equals(rows)
    names = [attribute.name for attribute in TASK.card.attributes]
    assert not lied[names].equals(rows[names]) and lied["label"].equals(rows["label"])
    assert sorted(lied[names].value_counts()) == sorted(rows[names].value_counts())


def test_nobody_generated_is_nobody_to_learn_from(learned):
    train, _, _, _ = learned(mode="even", ratio=0)
    assert len(train) == 40
    with pytest.raises(ValueError, match="no generated patient is left"):
        learned(mode="even", ratio=0, mix="synthetic")
