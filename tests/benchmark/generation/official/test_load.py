"""Who may load an official judge, and which one is refused."""

import dataclasses
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.api.context import RunContext
from benchmark.api.data import Source
from benchmark.api.protocols import judge_of
from benchmark.cohorts.toy import toy_task
from benchmark.generation.official.load import load_judge
from benchmark.generation.official.networks import at_size
from benchmark.planning.identity import engine_identity
from benchmark.records.judge_card import read_card
from benchmark.running import predictions


@pytest.fixture
def ctx(make_spec) -> RunContext:
    return predictions.make_context(
        toy_task(2, 2), predictions.JUDGE, make_spec(), lambda line: None
    )


def test_a_judge_reads_images_of_any_size_and_gives_masks_of_that_size(toy_judge, ctx):
    reader = load_judge(toy_judge, ctx).reader
    images = np.random.default_rng(0).random((3, 1, 48, 48), dtype=np.float32)
    assert reader.masks(images).shape == images.shape
    assert reader.probabilities(images)["site"].shape == (3, 2)
    np.testing.assert_allclose(reader.probabilities(images)["label"].sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(reader.features(images), reader.features(at_size(images, 32)))


@pytest.mark.parametrize("side", [16, 64])
def test_a_judge_compares_images_of_any_size_with_their_prompts(toy_judge, ctx, side):
    clip = load_judge(toy_judge, ctx).clip  # of 32 pixels
    images = np.random.default_rng(0).random((2, 1, side, side), dtype=np.float32)
    found, expected = (clip.score(some, ["a", "b"]) for some in (images, at_size(images, 32)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_larger_images_are_averaged_block_by_block():
    image = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    np.testing.assert_array_equal(at_size(image, 2)[0, 0], [[2.5, 4.5], [10.5, 12.5]])


def test_no_method_may_load_the_judge(toy_judge, ctx):
    with pytest.raises(PermissionError, match="no method may load it"):
        load_judge(toy_judge, dataclasses.replace(ctx, judges=False))


def test_the_judge_of_another_version_of_the_task_is_refused(toy_judge, ctx):
    newer = dataclasses.replace(ctx, card=dataclasses.replace(ctx.card, version=2))
    with pytest.raises(ValueError, match="Another version of a task needs another judge"):
        load_judge(toy_judge, newer)


def test_a_judge_whose_weights_were_changed_is_refused(toy_judge, ctx, tmp_path):
    copy = shutil.copytree(toy_judge, tmp_path / "judge")
    weights = copy / "32.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"32\.safetensors is not what card\.json names"):
        load_judge(copy, ctx)


def test_the_judge_names_runs_that_train_a_generator_and_no_others(toy_judge):
    def identity(*, judges, official):
        return engine_identity(judges=judges, official=official)

    assert identity(judges=False, official=toy_judge) == identity(judges=False, official=None)
    named = identity(judges=True, official=toy_judge)
    assert named == identity(judges=True, official=None) | {
        "official judge": read_card(toy_judge).digest
    }


def test_a_folder_of_patients_has_no_official_judge(toy_judge):
    task = SimpleNamespace(judge=toy_judge)
    assert judge_of(task, Source()) == toy_judge
    assert judge_of(task, Source(folder=toy_judge)) is None
    assert judge_of(toy_task(2, 2), Source()) is None
