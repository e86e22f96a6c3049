"""Redrawn patients: themselves, as the base has them."""

import numpy as np
import pytest
import torch

from methods.alignment_finetuning import redrawing
from methods.alignment_finetuning.redrawing import redraw, redrawn
from methods.shared.base import trained_base
from methods.shared.latent_generator import LatentGenerator
from methods.shared.parts import through_latents


@pytest.fixture
def base(splits, shared):
    return trained_base(splits.train, shared)


def test_a_perfect_base_redraws_the_patient_as_the_latents_have_them(
    splits, shared, base, monkeypatch
):
    """v = (alpha x - x0) / sigma gives away x0, whatever the noise was."""
    some = splits.train.take(np.arange(5))
    parts, asked = base.parts, []
    truth = parts.codec.encode(some.images)

    def knows(self, prompts):
        asked.extend(prompts)

        def predict(latents, time):
            alpha = parts.schedule.alphas_cumprod[time].sqrt()
            return (alpha * latents - truth) / (1 - alpha**2).sqrt()

        return predict

    monkeypatch.setattr(LatentGenerator, "predictor_for", knows)
    found = redraw(some, ("site",), base, shared)
    np.testing.assert_allclose(found, through_latents(parts.codec, some.images), atol=1e-4)
    rest = some.table.drop(columns="site").to_dict("records")
    assert asked == [shared.prompt(row) for row in rest]  # nothing that the guide reads


def test_redrawing_starts_half_way_up_the_chain(splits, shared, base, monkeypatch):
    asked, times = [], base.parts.solver().timesteps
    monkeypatch.setattr(
        LatentGenerator,
        "predictor_for",
        lambda self, words: lambda latents, time: (asked.append(int(time)), 0 * latents)[1],
    )
    redraw(splits.train.take(np.arange(2)), ("site",), base, shared)
    assert asked == times[len(times) - round(len(times) / 2) :].tolist()


def test_redrawn_patients_are_the_same_patients_and_are_drawn_once(
    splits, shared, base, monkeypatch
):
    asked = ("site",), base, splits.train, shared
    first = redrawn(splits.val, *asked)
    assert first.table is splits.val.table and first.images.shape == splits.val.images.shape
    assert not np.array_equal(first.images, splits.val.images)
    monkeypatch.setattr(redrawing, "redraw", None)  # from the cache, or not at all
    np.testing.assert_array_equal(redrawn(splits.val, *asked).images, first.images)


def test_without_memory_fewer_are_redrawn_at_a_time(splits, shared, base, monkeypatch):
    some = splits.train.take(np.arange(5))
    whole = redraw(some, ("site",), base, shared)
    predictor_for = LatentGenerator.predictor_for

    def full(self, words):
        if len(words) > 2:
            raise torch.OutOfMemoryError
        return predictor_for(self, words)

    monkeypatch.setattr(LatentGenerator, "predictor_for", full)
    np.testing.assert_allclose(redraw(some, ("site",), base, shared), whole, atol=1e-2)
