"""What reaches the classifier; how well it learns is measured, not tested."""

import numpy as np
import pytest

from benchmark import runner
from benchmark.cohorts.toy import toy_task
from benchmark.contracts import Source, Variant
from methods.controlnet_synthesis import method as module
from methods.controlnet_synthesis.method import ControlNetSynthesis

TASK = toy_task(2, 2)
SPLITS = TASK.load(Source(image_size=32, train=40, val=16, test=8), Variant(), 0)


class Painter:
    """Draws grey patients, and turns real images into halves of themselves."""

    def smooth(self, rows, masks, seed):
        return np.full(masks.shape, 0.5, np.float32)

    generate = smooth

    def through_latents(self, images):
        return np.asarray(images) / 2


@pytest.fixture
def learned(make_spec, monkeypatch):
    """Fit with these fields and return what the classifier would have learned from."""

    def fit(**fields):
        seen = {}

        def catch(train, val, ctx, draw_weights):
            seen.update(train=train, val=val, weights=draw_weights)

        monkeypatch.setattr(module, "train_classifier", catch)
        monkeypatch.setattr(module, "trained_generator", lambda train, ctx: Painter())
        method = ControlNetSynthesis(**{"filtered": False, **fields})
        ctx = runner.make_context(TASK, method, make_spec(), lambda line: None)
        predictor = method.fit(SPLITS.train, SPLITS.val, ctx)
        return seen["train"], seen["val"], seen["weights"], predictor

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
