"""Tuning on a toy cohort: resumed, collapsed, saved and loaded."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from benchmark.target import columns_to_align, read_target
from methods.alignment_finetuning import tuning
from methods.alignment_finetuning.guide import trained_guide
from methods.alignment_finetuning.method import AlignmentFinetuning
from methods.diffusion import optimise as optimise_module
from methods.diffusion.base import trained_base


@pytest.fixture(scope="module")
def cache_of(tmp_path_factory):
    return tmp_path_factory.mktemp("tuning")


@pytest.fixture
def shared(ctx, cache_of):
    """A context whose base and guide are trained by the first test that asks."""
    return dataclasses.replace(ctx, cache=dataclasses.replace(ctx.cache, root=cache_of))


@pytest.fixture
def started(splits, shared):
    """Base, guide and target."""
    target = read_target("uniform", shared.card, columns_to_align(shared.card))
    base = trained_base(splits.train, shared)
    return base, trained_guide(splits.train, splits.val, target, shared)


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
    nobody = np.zeros((2, 1, 32, 32), np.uint8)
    assert not np.array_equal(
        first.smooth(requests(2), nobody, 0), base.smooth(requests(2), nobody, 0)
    )


@pytest.mark.parametrize("fields", [{"form": "divergence"}, {"gradient": "adjusted"}], ids=str)
def test_every_form_of_loss_and_gradient_moves_the_generator(started, splits, shared, fields):
    other = tuned(started, splits, shared, **fields)
    assert not torch.equal(weights(other), weights(tuned(started, splits, shared)))
    assert torch.isfinite(weights(other)).all()


def test_terms_of_the_loss_and_the_steps_are_recorded(started, splits, shared):
    counted = dataclasses.replace(shared, curves=[], steps=0)
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
    monkeypatch.setattr(optimise_module, "SAVE_SECONDS", 0.0)
    loss, calls = tuning._Work.loss, []

    def cut(self, logged, chance):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return loss(self, logged, chance)

    monkeypatch.setattr(tuning._Work, "loss", cut)
    with pytest.raises(KeyboardInterrupt):
        tuned(started, splits, alone)
    monkeypatch.setattr(tuning._Work, "loss", loss)
    again = tuned(started, splits, alone)
    assert any("alignment: goes on at step" in line for line in alone.say.__self__)
    assert torch.equal(weights(again), weights(whole))


def test_a_collapse_goes_back_to_the_last_good_weights_and_says_so(
    started, splits, shared, tmp_path, monkeypatch
):
    alone = dataclasses.replace(shared, cache=dataclasses.replace(shared.cache, root=tmp_path))
    base, _ = started
    start = tuning._Work.diversity
    found = iter([1.0, 0.2])  # of the base; after tuning
    monkeypatch.setattr(tuning._Work, "diversity", lambda self, generator: next(found))
    collapsed = tuned(started, splits, alone)
    monkeypatch.setattr(tuning._Work, "diversity", start)
    said = " ".join(alone.say.__self__)
    assert "the tuning has collapsed" in said and "went back to step 0" in said
    torch.testing.assert_close(weights(collapsed), weights(base))


def test_alike_images_have_no_diversity(started, splits, shared):
    base, guide = started
    terms = tuning.Terms("transport", "exact", 2, 1, 0.8, 1.0, 1.0, 0.2, 1.0)

    class Same:
        """A CLIP that sees the same in every image."""

        def see(self, images):
            return torch.ones(len(images), 1)

    work = tuning._Work(base, base, guide, Same(), splits.train, terms, shared)
    assert work.diversity(base) == pytest.approx(0.0)
