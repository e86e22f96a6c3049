"""Tuning on a toy cohort: resumed, collapsed, saved and loaded."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from benchmark.api.mix_target import Target
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.generation.text_image_model import load_clip, trained_clip
from benchmark.presets.settings import CheckpointSettings
from methods.alignment_finetuning import adapter as adapter_module
from methods.alignment_finetuning import method as method_module
from methods.alignment_finetuning import tuning
from methods.alignment_finetuning.guide import trained_guide
from methods.alignment_finetuning.method import AlignmentFinetuning
from methods.alignment_finetuning.observer import Observed
from methods.alignment_finetuning.terms import Terms, images_of_each
from methods.alignment_finetuning.tuning_step import TuningStep, draws_once
from methods.shared import training_state
from methods.shared.base import trained_base


@pytest.fixture
def started(splits, shared):
    """Base, guide and target."""
    target = read_target("uniform", shared.card, columns_to_align(shared.card))
    base = trained_base(splits.train, shared)
    return base, trained_guide([splits.train], [splits.val], target, shared)


def tuned(started, splits, ctx, **fields):
    base, guide = started
    return AlignmentFinetuning(**fields).tuned(base, guide, splits.train, ctx)


def weights(generator):
    return torch.cat([p.flatten() for p in generator.parts.denoiser.parameters()])


def requests(n):
    return pd.DataFrame({"label": [None] * n, "site": [None] * n}, dtype=object)


@pytest.mark.parametrize("fields", [{}, {"adapter": "full", "rate": 1e-3}], ids=str)
def test_what_was_tuned_is_loaded_again_and_the_base_stays(started, splits, shared, fields):
    base, _ = started
    before = weights(base).clone()
    first = tuned(started, splits, shared, **fields)
    again = tuned(started, splits, shared, **fields)  # from the cache
    assert torch.equal(weights(first), weights(again))
    assert torch.equal(weights(base), before) and not torch.equal(weights(first), before)
    masks = np.zeros((2, 1, 32, 32), np.uint8)
    assert not np.array_equal(
        first.smooth(requests(2), masks, 0), base.smooth(requests(2), masks, 0)
    )


@pytest.mark.parametrize("fields", [{"form": "divergence"}, {"gradient": "adjusted"}], ids=str)
def test_every_form_of_loss_and_gradient_moves_the_generator(started, splits, shared, fields):
    other = tuned(started, splits, shared, **fields)
    assert not torch.equal(weights(other), weights(tuned(started, splits, shared)))
    assert torch.isfinite(weights(other)).all()


class Bright:
    """A guide that takes bright images for one group and dark ones for the other."""

    target = Target(("site",), ("bright", "dark"), (0.9, 0.1))

    def __init__(self, level):
        self.level = level

    def probabilities(self, images):
        bright = torch.sigmoid(200 * (images.float().mean((1, 2, 3)) - self.level))
        return torch.stack([bright, 1 - bright], 1)


@pytest.mark.parametrize(
    ("form", "gradient"),
    [("transport", "exact"), ("divergence", "exact"), ("transport", "adjusted")],
)
def test_tuning_moves_the_mix_towards_the_target(started, splits, shared, tmp_path, form, gradient):
    base, _ = started
    masks = np.zeros((64, 1, 32, 32), np.uint8)
    level = np.median(base.smooth(requests(64), masks, 0).mean((1, 2, 3)))
    longer = dataclasses.replace(shared.generator, tuning_steps=20)
    ctx = dataclasses.replace(shared, generator=longer)
    clip = load_clip(trained_clip(splits.train, ctx, "generator", 0), ctx.device)
    terms = Terms(form, gradient, 2, 2, 0.0, 0.0, 0.0, 0.2, 0.0)
    options = {"adapter": "full", "rank": 4, "rate": 1e-3, "folder": tmp_path, "ctx": ctx}
    tuning.tune(base, Bright(level), clip, splits.train, terms, **options)
    moved = adapter_module.load_tuned(base, tmp_path, ctx)
    share = (moved.smooth(requests(64), masks, 0).mean((1, 2, 3)) > level).mean()
    assert share > 0.7  # 0.5 before, 0.9 asked for


@pytest.mark.parametrize(
    ("n", "each", "sizes"), [(32, 8, [8] * 4), (32, 9, [11, 11, 10]), (4, 3, [4])]
)
def test_no_prompt_gets_fewer_images_than_it_needs(n, each, sizes):
    work = object.__new__(TuningStep)
    work.n, work.each = n, each
    assert [len(part) for part in work.parts()] == sizes


def test_terms_of_the_loss_and_the_steps_are_recorded(started, splits, shared):
    counted = dataclasses.replace(shared, curves=[], steps=0, counted=set(shared.counted))
    tuned(started, splits, counted)
    (line,) = [curve for curve in counted.curves if curve["stage"] == "alignment"]
    names = {"loss, aligned", "loss, image", "loss, sentence", "loss, distillation"}
    assert names <= set(line)
    assert counted.steps == 4


def test_killed_and_run_again_it_ends_in_the_same_weights(
    started, splits, shared, tmp_path, monkeypatch
):
    whole = tuned(started, splits, shared)
    alone = dataclasses.replace(shared, cache=dataclasses.replace(shared.cache, root=tmp_path))
    monkeypatch.setattr(training_state, "SAVE_SECONDS", 0.0)
    loss, calls = TuningStep.loss, []

    def cut(self, drawn):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return loss(self, drawn)

    monkeypatch.setattr(TuningStep, "loss", cut)
    with pytest.raises(KeyboardInterrupt):
        tuned(started, splits, alone)
    monkeypatch.setattr(TuningStep, "loss", loss)
    again = tuned(started, splits, alone)
    assert any("alignment: resumes at step" in line for line in alone.say.__self__)
    assert torch.equal(weights(again), weights(whole))


def test_a_collapse_goes_back_to_the_last_good_weights_and_logs_it(
    started, splits, shared, tmp_path, monkeypatch
):
    alone = dataclasses.replace(shared, cache=dataclasses.replace(shared.cache, root=tmp_path))
    base, _ = started
    start = TuningStep.diversity
    found = iter([1.0, 0.2])  # of the base; after tuning
    monkeypatch.setattr(TuningStep, "diversity", lambda self, generator: next(found))
    collapsed = tuned(started, splits, alone)
    monkeypatch.setattr(TuningStep, "diversity", start)
    lines = " ".join(alone.say.__self__)
    assert "the tuning has collapsed" in lines and "went back to step 0" in lines
    torch.testing.assert_close(weights(collapsed), weights(base))


@pytest.mark.parametrize("adapter", ["lora", "full"])
def test_what_is_loaded_is_what_was_trained(started, splits, shared, tmp_path, adapter):
    base, _ = started
    trained = adapter_module.trainable(base.parts.denoiser, adapter, 4, shared)
    with torch.no_grad():
        for parameter in trained.parameters():
            if parameter.requires_grad:
                parameter += 0.05 * torch.randn(parameter.shape)
    adapter_module.save_tuned(trained, adapter, tmp_path)
    loaded = adapter_module.load_tuned(base, tmp_path, shared)
    given = torch.randn(2, *base.parts.shape), torch.tensor(500)
    text = base.parts.text_encoder.embed(["a picture", "a picture with a high blob"])
    with torch.no_grad():
        wanted, found, untuned = (
            denoiser.eval()(*given, text).sample
            for denoiser in (trained, loaded.parts.denoiser, base.parts.denoiser)
        )
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-3)
    assert not torch.allclose(untuned, wanted, atol=1e-2)


@pytest.mark.parametrize(
    ("n", "shares", "each"),
    [(32, [0.5, 0.5], 8), (32, [1 / 6] * 6, 9), (32, [0.1, 0.9], 16), (4, [0.5, 0.5], 3)],
    ids=str,
)
def test_prompts_get_images_enough_for_the_rarest_group_to_be_sure(n, shares, each):
    """1 - (1 - share)^m reaches 0.8 at m = 3, 9 and 16 for shares of 1/2, 1/6 and 1/10."""
    terms = Terms("transport", "exact", 2, 1, 0.8, 1.0, 1.0, 0.2, 1.0)
    assert images_of_each(n, np.array(shares), terms) == each


def test_a_batch_too_small_for_the_rarest_group_is_refused():
    terms = Terms("transport", "exact", 2, 1, 0.8, 1.0, 1.0, 0.2, 1.0)
    with pytest.raises(ValueError, match="16 images are needed"):
        images_of_each(8, np.array([0.1, 0.9]), terms)


def test_a_target_out_of_reach_is_refused_before_anything_is_trained(splits, ctx, monkeypatch):
    monkeypatch.setattr(method_module, "learn_from_neutral", None)
    with pytest.raises(ValueError, match=r"tuning_batch in section \[generator\]"):
        AlignmentFinetuning(target="north: 0.01; south: 0.99").fit(splits.train, splits.val, ctx)


def test_the_loss_is_the_same_in_parts(started, splits, shared):
    base, guide = started
    terms = Terms("transport", "exact", 2, 2, 0.0, 1.0, 1.0, 0.2, 1.0)
    clip = load_clip(trained_clip(splits.train, shared, "generator", 0), shared.device)
    other = adapter_module.with_denoiser(
        base, adapter_module.trainable(base.parts.denoiser, "lora", 4, shared)
    )
    work = TuningStep(base, other, guide, clip, splits.train, terms, shared)
    drawn = work.draw(torch.Generator().manual_seed(0))
    whole, logged = work.loss(drawn).detach(), dict(work.logged)
    rows = torch.arange(len(whole)).split(3)
    work.loss({n: v[rows[0]] for n, v in drawn.items()})  # then memory ran out, and it begins anew
    parts = [work.loss({n: v[some] for n, v in drawn.items()}).detach() for some in rows]
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-4, rtol=1e-3)
    assert work.logged == pytest.approx(logged, rel=1e-3, abs=1e-4)


def test_what_is_off_is_counted_prompt_by_prompt(started, splits, shared, monkeypatch):
    """All of one group for one prompt and all of the other for the next: as far off as can be."""
    base, guide = started
    terms = Terms("transport", "exact", 2, 2, 0.0, 1.0, 1.0, 0.2, 1.0)
    clip = load_clip(trained_clip(splits.train, shared, "generator", 0), shared.device)
    work = TuningStep(base, base, guide, clip, splits.train, terms, shared)
    work.each = work.n // 2
    groups = torch.zeros(work.n, 2)
    groups[: work.n // 2, 0] = groups[work.n // 2 :, 1] = 1
    vectors = torch.zeros(work.n, 8)
    monkeypatch.setattr(work.observer, "observe", lambda *_: Observed(groups, vectors))
    work.draw(torch.Generator().manual_seed(0))
    assert work.logged["off target"] == pytest.approx(0.5)


def test_images_that_are_to_change_their_group_may_move(started, splits, shared, monkeypatch):
    base, guide = started
    terms = Terms("transport", "exact", 2, 2, 0.0, 1.0, 1.0, 0.0, 1.0)
    clip = load_clip(trained_clip(splits.train, shared, "generator", 0), shared.device)
    work = TuningStep(base, base, guide, clip, splits.train, terms, shared)
    groups = torch.linspace(0.6, 0.9, work.n)  # all are of the first group, as the guide sees them
    shown = Observed(torch.stack([groups, 1 - groups], 1), torch.zeros(work.n, 8))
    monkeypatch.setattr(work.observer, "observe", lambda *_: shown)
    drawn = work.draw(torch.Generator().manual_seed(0))
    assert set(drawn["assigned"].tolist()) == {0, 1}
    torch.testing.assert_close(drawn["weight"], (drawn["assigned"] == 0).float())


def test_low_rank_matrices_stand_where_prompts_come_in(started, shared):
    base, _ = started
    tuned_one = adapter_module.trainable(base.parts.denoiser, "lora", 4, shared)
    names = [name for name, p in tuned_one.named_parameters() if p.requires_grad]
    places = {name.split(".lora_")[0].removesuffix(".0").rsplit(".", 1)[-1] for name in names}
    assert places == {"to_q", "to_k", "to_v", "to_out", "proj", "time_emb_proj"}


def test_alike_images_have_no_diversity(started, splits, shared):
    base, guide = started
    terms = Terms("transport", "exact", 2, 1, 0.8, 1.0, 1.0, 0.2, 1.0)

    class Same:
        """A CLIP that sees the same in every image."""

        def embed_images(self, images):
            return torch.ones(len(images), 1)

    work = TuningStep(base, base, guide, Same(), splits.train, terms, shared)
    assert work.diversity(base) == pytest.approx(0.0)


def gradient_of_a_step(work):
    """Draw and go back once: the gradient, and how often the tuned denoiser was asked."""
    calls, denoiser = [], work.tuned.parts.denoiser
    handle = denoiser.register_forward_pre_hook(lambda *_: calls.append(1))
    work.loss(work.draw(torch.Generator().manual_seed(0))).sum().backward()
    handle.remove()
    found = torch.cat([p.grad.flatten() for p in denoiser.parameters() if p.grad is not None])
    denoiser.zero_grad()
    return found, len(calls)


@pytest.mark.parametrize("gradient", ["exact", "adjusted"])
def test_images_drawn_once_have_the_gradient_of_images_drawn_twice(
    started, splits, shared, gradient
):
    base, guide = started
    terms = Terms("transport", gradient, 2, 2, 0.0, 1.0, 1.0, 0.2, 1.0)
    clip = load_clip(trained_clip(splits.train, shared, "generator", 0), shared.device)
    other = adapter_module.with_denoiser(
        base, adapter_module.trainable(base.parts.denoiser, "full", 4, shared)
    )
    work = TuningStep(base, other, guide, clip, splits.train, terms, shared)
    assert work.once  # a small denoiser on a CPU
    once, asked_once = gradient_of_a_step(work)
    work.once, work.drawn = False, None
    twice, asked_twice = gradient_of_a_step(work)
    torch.testing.assert_close(once, twice, atol=1e-5, rtol=1e-3)
    assert (asked_once, asked_twice) == (3, 7)  # two steps, and real images: of them one


def test_a_gpu_and_a_checkpoint_draw_twice(shared):
    assert draws_once(shared)
    assert not draws_once(dataclasses.replace(shared, device=torch.device("cuda")))
    large = CheckpointSettings.__new__(CheckpointSettings)
    assert not draws_once(dataclasses.replace(shared, generator=large))
