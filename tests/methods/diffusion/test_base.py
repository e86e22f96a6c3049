import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from benchmark.contract_check import TOY_PRESET
from methods.diffusion import base
from methods.diffusion.base import trained_generator


@pytest.fixture(scope="module")
def cache_of(tmp_path_factory):
    return tmp_path_factory.mktemp("generator")


@pytest.fixture
def trained(splits, ctx, cache_of):
    """A generator; trained by the first test that asks, then read from the cache."""
    shared = dataclasses.replace(ctx, cache=dataclasses.replace(ctx.cache, root=cache_of))
    return trained_generator(splits.train, shared)


def test_the_same_request_gives_the_same_image_alone_and_in_a_batch(trained, splits):
    rows, masks = splits.val.table.head(6), splits.val.masks[:6]
    together = trained.generate(rows, masks, seed=3)
    alone = dataclasses.replace(trained, batch=1).generate(rows, masks, seed=3)
    assert together.shape == (6, 1, 32, 32) and together.dtype == np.float32
    assert together.min() >= 0 and together.max() <= 1
    np.testing.assert_allclose(alone, together, atol=1e-4)
    np.testing.assert_array_equal(trained.generate(rows, masks, seed=3), together)
    assert not np.array_equal(trained.generate(rows, masks, seed=4), together)


def test_sentence_and_mask_both_reach_the_image(trained, splits):
    row, mask = splits.val.table.head(1), splits.val.masks[:1]
    label = {"low": "high", "high": "low"}[row["label"].iloc[0]]
    image = trained.generate(row, mask, 0)
    assert not np.allclose(trained.generate(row.assign(label=label), mask, 0), image)
    assert not np.allclose(trained.generate(row, np.flip(mask, 2).copy(), 0), image)


def test_nobody_asked_for_is_nobody_drawn(trained, splits):
    empty = splits.val.table.head(0)
    assert trained.generate(empty, splits.val.masks[:0], 0).shape == (0, 1, 32, 32)


def test_a_trained_generator_is_fetched_and_a_changed_split_trains_anew(
    trained, splits, ctx, cache_of, monkeypatch
):
    shared = dataclasses.replace(ctx, cache=dataclasses.replace(ctx.cache, root=cache_of))
    monkeypatch.setattr(base, "train_generator", None)
    other_seed = dataclasses.replace(shared, seed=7, curves=[], steps=0)
    trained_generator(splits.train, other_seed)
    assert other_seed.steps == 21  # 20 of the denoiser, 1 of the sentences: trained by another run
    assert {curve["stage"] for curve in other_seed.curves} == {"denoiser", "sentences"}
    with pytest.raises(TypeError):
        trained_generator(splits.train.take(np.arange(60)), shared)


def test_killed_and_run_again_it_ends_in_the_same_weights(trained, splits, ctx, monkeypatch):
    optimise, stages = base.optimise, []

    def killed(stage, network, draw, loss, *rest):
        stages.append(stage)
        calls = []

        def cut(chance):
            calls.append(1)
            if len(calls) > 5:
                raise KeyboardInterrupt
            return loss(chance)

        optimise(stage, network, draw, cut, *rest)

    monkeypatch.setattr(base, "optimise", killed)
    with pytest.raises(KeyboardInterrupt):
        trained_generator(splits.train, ctx)
    monkeypatch.setattr(base, "optimise", optimise)
    again = trained_generator(splits.train, ctx)
    assert "sentences: goes on at step 1 of 1" in " ".join(ctx.say.__self__)
    folder = next(ctx.cache.root.glob("generator-*[0-9a-f]"))
    assert not list(folder.glob("*.training.safetensors"))
    assert stages == ["denoiser"]
    pairs = zip(again.parts.network.parameters(), trained.parts.network.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_cohort_without_masks_is_refused_before_any_training(splits, ctx):
    bare = dataclasses.replace(splits.train, masks=np.zeros_like(splits.train.masks))
    with pytest.raises(ValueError, match="no training image has a mask"):
        trained_generator(bare, ctx)


def test_a_preset_without_generator_is_refused_with_the_plan(make_spec):
    from benchmark.spec import resolve

    lacking = dataclasses.replace(TOY_PRESET, generator=None)
    with pytest.raises(ValueError, match=r"has no\s+section \[generator\]"):
        resolve(make_spec("controlnet_synthesis", preset=lacking))
    resolve(make_spec("erm", preset=lacking))


def test_images_of_a_seed_do_not_depend_on_what_else_is_asked(trained, splits):
    rows, masks = splits.val.table.head(4), splits.val.masks[:4]
    more = pd.concat([rows, rows]), np.concatenate([masks, masks])
    few, many = trained.generate(rows, masks, 1), trained.generate(*more, 1)
    np.testing.assert_allclose(many[:4], few, atol=1e-4)
    assert not np.allclose(many[4:], few)  # the same person twice is two pictures
