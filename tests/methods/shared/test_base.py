import dataclasses
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.mix_targets import read_target
from benchmark.generation.text_image_model import write_prompts
from methods.shared import base, controlnet
from methods.shared.controlnet import trained_generator
from methods.shared.training_pairs import denoising_target, training_pairs


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
    one_by_one = dataclasses.replace(trained.parts, batch=1)
    alone = dataclasses.replace(trained, parts=one_by_one).generate(rows, masks, seed=3)
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


def test_without_masks_the_base_draws_what_the_sentence_leaves_open(splits, ctx):
    drawn_by = base.trained_base(splits.train, ctx)
    rows, nobody = splits.val.table.head(3).assign(site=None), np.zeros((3, 1, 32, 32), np.uint8)
    images = drawn_by.smooth(rows, nobody, 0)
    assert not drawn_by.reads_masks
    np.testing.assert_array_equal(drawn_by.smooth(rows, nobody + 1, 0), images)
    assert not np.array_equal(drawn_by.smooth(rows.assign(site="south"), nobody, 0), images)


def test_the_rebalanced_base_goes_on_from_the_base(splits, ctx):
    target = read_target("uniform", ctx.card, ("site",))
    both = [
        base.trained_base(splits.train, ctx),
        base.rebalanced_base(splits.train, target, ctx),
    ]
    stages = [curve["stage"] for curve in ctx.curves]
    assert stages.count("base") == stages.count("rebalanced base") == 1  # each is counted once
    pairs = zip(*(one.parts.denoiser.parameters() for one in both), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)


def test_groups_are_drawn_as_in_the_mix_whatever_the_limit_of_rare_cells(splits, ctx):
    mix = read_target("north: 0.3; south: 0.7", ctx.card, ("site",))
    few = splits.train.take(np.arange(30))
    lacking = few.take(
        np.flatnonzero((few.table["site"] == "north") | (few.table["label"] == "low"))
    )
    weights = base.weights_of_mix(lacking, mix, ctx)  # the south lacks one of its cells
    shares = [weights[lacking.table["site"] == site].sum() for site in ("north", "south")]
    assert shares == pytest.approx([0.3, 0.7])


def test_prompts_to_learn_leave_words_out(splits, ctx):
    parts = base.trained_base(splits.train, ctx).parts
    draw = training_pairs(
        splits.train, torch.zeros(64, *parts.shape), parts, torch.ones(64), 400, ctx
    )
    texts = draw(torch.Generator().manual_seed(0))["text"]
    nothing = parts.text_encoder.embed([TASK_SAYS_NOTHING])[0]
    silent = np.mean([torch.equal(text, nothing) for text in texts])
    # Both words go with 1/16 where the sentence stays, which is in nine of ten.
    assert 0.02 < silent < 0.11


def test_every_image_is_learned_with_its_own_sentence(splits, ctx):
    parts, n = base.trained_base(splits.train, ctx).parts, len(splits.train)
    numbered = torch.arange(n).view(n, 1, 1, 1)  # latents that say which image they are of
    draw = training_pairs(splits.train, numbered, parts, torch.ones(n), 50, ctx, word_dropout=0)
    drawn = draw(torch.Generator().manual_seed(0))
    own = write_prompts(splits.train.table[["label", "site"]], ctx.prompt)
    nothing = parts.text_encoder.embed([""])[0]
    for row, text in zip(drawn["latents"].flatten().tolist(), drawn["text"], strict=True):
        assert torch.equal(text, nothing) or torch.equal(
            text, parts.text_encoder.embed([own[row]])[0]
        )


TASK_SAYS_NOTHING = "a picture"


def test_no_request_draws_no_patient(trained, splits):
    empty = splits.val.table.head(0)
    assert trained.generate(empty, splits.val.masks[:0], 0).shape == (0, 1, 32, 32)


def test_a_trained_generator_is_fetched_and_a_changed_split_trains_anew(
    trained, splits, ctx, cache_of, monkeypatch
):
    shared = dataclasses.replace(ctx, cache=dataclasses.replace(ctx.cache, root=cache_of))
    monkeypatch.setattr(controlnet, "train_generator", None)
    monkeypatch.setattr(base, "train_base", None)
    other_seed = dataclasses.replace(shared, seed=7, curves=[], steps=0, counted=set())
    trained_generator(splits.train, other_seed)
    assert other_seed.steps == 20 + 20 + 10  # base, ControlNet, CLIP: trained by another run
    stages = {curve["stage"] for curve in other_seed.curves}
    assert stages == {"base", "controlnet", "generator: sentences"}
    with pytest.raises(TypeError):
        trained_generator(splits.train.take(np.arange(60)), shared)


def test_killed_and_run_again_it_ends_in_the_same_weights(trained, splits, ctx, monkeypatch):
    train_resumably, stages = controlnet.train_resumably, []

    def killed(stage, network, draw, loss, *rest):
        stages.append(stage)
        calls = []

        def cut(drawn):
            calls.append(1)
            if len(calls) > 5:
                raise KeyboardInterrupt
            return loss(drawn)

        train_resumably(stage, network, draw, cut, *rest)

    monkeypatch.setattr(controlnet, "train_resumably", killed)
    with pytest.raises(KeyboardInterrupt):
        trained_generator(splits.train, ctx)
    monkeypatch.setattr(controlnet, "train_resumably", train_resumably)
    again = trained_generator(splits.train, ctx)
    folder = next(ctx.cache.root.glob("generator-*[0-9a-f]"))
    assert not list(folder.glob("*.training.safetensors"))
    assert stages == ["controlnet"]
    pairs = zip(
        again.parts.network().parameters(), trained.parts.network().parameters(), strict=True
    )
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_cohort_without_masks_is_refused_before_any_training(splits, ctx):
    bare = dataclasses.replace(splits.train, masks=np.zeros_like(splits.train.masks))
    with pytest.raises(ValueError, match="no training image has a mask"):
        trained_generator(bare, ctx)


def test_a_preset_without_generator_is_refused_with_the_plan(make_spec):
    from benchmark.planning.resolve import resolve

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


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon"])
def test_what_is_learned_gives_the_image_back(prediction):
    """From the noisy image and the target, the schedule itself finds the latents."""
    schedule = DDPMScheduler(prediction_type=prediction, clip_sample=False)
    latents, noise = torch.randn(1, 2, 4, 4), torch.randn(1, 2, 4, 4)
    time = torch.tensor([400])
    noisy = schedule.add_noise(latents, noise, time)
    guess = denoising_target(schedule, latents, noise, time)
    step = DDIMScheduler.from_config(schedule.config)
    step.set_timesteps(1000)
    found = step.step(guess, 400, noisy).pred_original_sample
    torch.testing.assert_close(found, latents, atol=1e-4, rtol=1e-4)


def test_guidance_moves_away_from_what_nobody_asked_for(trained):
    """Twice the way from the unasked to the asked prediction, for guidance 2."""

    def denoiser(latents, times, text):
        return SimpleNamespace(sample=text.mean((1, 2)).view(-1, 1, 1, 1).expand_as(latents))

    def embed(words):
        return torch.stack([torch.full((3, 5), 7.0 if word else 4.0) for word in words])

    parts = dataclasses.replace(
        trained.parts, denoiser=denoiser, control=None, text_encoder=SimpleNamespace(embed=embed)
    )
    guided = dataclasses.replace(trained, parts=parts, guidance=2.0)
    found = guided.predictor_for(["somebody"])(torch.zeros(1, 2, 4, 4), torch.tensor(5))
    assert torch.equal(found, torch.full_like(found, 10.0))


def test_training_visits_the_noise_that_sampling_meets(trained, ctx):
    settings = ctx.generator
    solver = trained.parts.solver()
    assert torch.equal(trained.parts.times, solver.timesteps)
    assert solver.timesteps[0] == 999 and solver.timesteps[-1] == settings.last_noise
    assert len(solver.timesteps) == settings.sampling_steps


def test_a_change_of_the_controlnets_code_trains_it_anew_and_leaves_the_base(splits, ctx):
    own = code_digest(Path(controlnet.__file__))
    assert controlnet.key_of(splits.train, ctx)["code"] == own
    assert base.base_key(splits.train, ctx)["code"] != own
