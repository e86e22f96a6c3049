"""Redrawn patients: themselves, as the base has them."""

import dataclasses

import numpy as np
import pytest
import torch

from methods.alignment_finetuning import redrawing
from methods.alignment_finetuning.redrawing import redraw, with_redrawn
from methods.diffusion.base import trained_base
from methods.diffusion.generator import LatentGenerator
from methods.diffusion.parts import through_latents


@pytest.fixture(scope="module")
def cache_of(tmp_path_factory):
    return tmp_path_factory.mktemp("redrawing")


@pytest.fixture
def shared(ctx, cache_of):
    """A context whose base is trained by the first test that asks."""
    return dataclasses.replace(ctx, cache=dataclasses.replace(ctx.cache, root=cache_of))


@pytest.fixture
def base(splits, shared):
    return trained_base(splits.train, shared)


def test_a_perfect_base_redraws_the_patient_as_the_latents_have_them(
    splits, shared, base, monkeypatch
):
    """v = (alpha x - x0) / sigma gives away x0, whatever the noise was."""
    some = splits.train.take(np.arange(5))
    parts, said = base.parts, []
    truth = parts.codec.encode(some.images)

    def knows(self, words):
        said.extend(words)

        def ask(latents, time):
            alpha = parts.schedule.alphas_cumprod[time].sqrt()
            return (alpha * latents - truth) / (1 - alpha**2).sqrt()

        return ask

    monkeypatch.setattr(LatentGenerator, "asking", knows)
    found = redraw(some, base, shared)
    np.testing.assert_allclose(found, through_latents(parts.codec, some.images), atol=1e-4)
    assert said == [shared.prompt(row) for row in some.table.to_dict("records")]


def test_redrawing_starts_half_way_up_the_chain(splits, shared, base, monkeypatch):
    asked, times = [], base.parts.solver().timesteps
    monkeypatch.setattr(
        LatentGenerator,
        "asking",
        lambda self, words: lambda latents, time: (asked.append(int(time)), 0 * latents)[1],
    )
    redraw(splits.train.take(np.arange(2)), base, shared)
    assert asked == times[len(times) - round(len(times) / 2) :].tolist()


def test_redrawn_patients_stand_behind_the_real_ones_and_are_drawn_once(
    splits, shared, base, monkeypatch
):
    both = with_redrawn(splits.train, splits.train, base, shared)
    n = len(splits.train)
    assert len(both) == 2 * n
    np.testing.assert_array_equal(both.images[:n], splits.train.images)
    columns = ["label", "site"]
    again, real = both.table[columns][n:].to_numpy(), splits.train.table[columns].to_numpy()
    np.testing.assert_array_equal(again, real)
    monkeypatch.setattr(redrawing, "redraw", None)  # from the cache, or not at all
    kept = with_redrawn(splits.train, splits.train, base, shared)
    assert torch.equal(torch.from_numpy(kept.images), torch.from_numpy(both.images))


def test_of_a_large_cohort_some_are_redrawn(splits, shared, base, monkeypatch):
    monkeypatch.setattr(redrawing, "MOST", 7)
    assert len(with_redrawn(splits.train, splits.train, base, shared)) == len(splits.train) + 7
