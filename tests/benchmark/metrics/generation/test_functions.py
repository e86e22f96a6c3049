"""Measures of images on made-up features."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import poly_mmd

from benchmark.metrics.generation import functions
from benchmark.metrics.generation.evidence import Evidence, Images
from benchmark.metrics.generation.functions import kernel_distance_of_mix, most_of_mix
from benchmark.metrics.generation.halves import standard_errors, take
from benchmark.metrics.generation.torch_metrics import kernel_distance

NORTH = np.arange(640) % 2 == 0
FEATURES = np.random.default_rng(0).normal(size=(640, 2)) + 2 * NORTH[:, None]


def evidence(features, north):
    return SimpleNamespace(
        test=features, groups=np.where(north, 0, 1), rng=lambda purpose: np.random.default_rng(1)
    )


def side(features, shares):
    return SimpleNamespace(features=features, shares=np.array(shares))


def test_so_many_patients_are_chosen_as_a_mix_has():
    assert most_of_mix(np.array([30, 30]), np.array([0.75, 0.25])) == 40
    assert most_of_mix(np.array([30, 0]), np.array([1.0, 0.0])) == 30
    assert most_of_mix(np.array([30, 0]), np.array([0.9, 0.1])) == 0


def test_a_mix_nearer_to_that_of_test_does_not_make_images_better():
    """Real patients of a skewed mix and of an even one are as good as each other."""
    skewed = np.concatenate([FEATURES[NORTH][:80], FEATURES[~NORTH][:240]])
    known = evidence(FEATURES, NORTH)
    unlike = kernel_distance_of_mix(known, side(skewed, [0.5, 0.5]))
    for images, mix in ((FEATURES, [0.5, 0.5]), (skewed, [0.25, 0.75])):
        assert abs(kernel_distance_of_mix(known, side(images, mix))) < unlike / 5


def test_it_is_undefined_if_test_lacks_a_group_that_was_drawn():
    known = evidence(FEATURES[NORTH], NORTH[NORTH])
    assert np.isnan(kernel_distance_of_mix(known, side(FEATURES, [0.5, 0.5])))


def test_the_kernel_distance_of_equally_many_is_that_of_torchmetrics():
    a, b = (np.random.default_rng(k).normal(k / 5, 1, (40, 3)) for k in range(2))
    expected = float(poly_mmd(torch.from_numpy(a), torch.from_numpy(b)))
    assert kernel_distance(a, b) == pytest.approx(expected)


def test_the_kernel_distance_does_not_grow_as_images_get_fewer():
    rng = np.random.default_rng(0)
    few = [kernel_distance(rng.normal(size=(20, 4)), rng.normal(size=(50, 4))) for _ in range(200)]
    assert abs(np.mean(few)) < 3 * np.std(few) / np.sqrt(200)


def images_of(features):
    n = len(features)
    return Images(np.zeros((n, 1, 2, 2)), features, np.zeros(n))


def known(n, width, rng):
    fields = dict.fromkeys(field.name for field in dataclasses.fields(Evidence))
    return Evidence(
        **{
            **fields,
            "reference": images_of(rng.normal(size=(n, width))),
            "rng": lambda purpose: np.random.default_rng(len(purpose)),
        }
    )


def test_fid_needs_more_images_than_features():
    rng = np.random.default_rng(0)
    few, many = (images_of(rng.normal(size=(n, 8))) for n in (8, 40))
    assert np.isnan(functions.frechet_distance(known(40, 8, rng), few))
    assert functions.frechet_distance(known(40, 8, rng), many) > 0


def test_standard_errors_are_how_far_another_sample_would_move_the_number():
    rng = np.random.default_rng(0)

    def mean(evidence, images):
        return {"mean": float(images.features.mean())}

    errors = [
        standard_errors(mean, known(4, 1, rng), images_of(rng.normal(size=(400, 1))))["mean"]
        for _ in range(20)
    ]
    assert np.mean(errors) == pytest.approx(1 / np.sqrt(400), rel=0.15)


def test_some_images_are_taken_with_all_that_is_known_of_them():
    some = take(images_of(np.arange(6.0).reshape(3, 2)), np.array([2, 0]))
    np.testing.assert_array_equal(some.features, [[4, 5], [0, 1]])
    assert len(some.images) == len(some.prompt_cosines) == 2


def drawn(groups, small):
    n = len(groups)
    probabilities = {"volume": np.column_stack([small, 1 - np.array(small)])}
    return SimpleNamespace(
        shares=np.array([0.5, 0.5]),
        groups=np.eye(2)[groups],
        probabilities=probabilities,
        prompts=np.zeros(n, int),
    )


def test_an_attribute_that_follows_the_group_as_before_has_not_moved():
    before = drawn([0, 0, 0, 1], [1, 1, 1, 0])  # women have small brains
    after = drawn([0, 0, 1, 1], [1, 1, 0, 0])  # more men, who have large ones
    moved = drawn([0, 0, 1, 1], [1, 0, 0, 0])  # half of the women have another brain
    asked = SimpleNamespace(untuned=before, unasked={"volume": np.array([True])})
    assert functions.unasked_shift(asked, after) == 0
    assert functions.unasked_shift(asked, moved) == pytest.approx(0.25)
    assert np.isnan(functions.unasked_shift(asked, before))
    named = SimpleNamespace(untuned=before, unasked={"volume": np.array([False])})
    assert np.isnan(functions.unasked_shift(named, moved))
    assert np.isnan(functions.unasked_shift(SimpleNamespace(untuned=None, unasked={}), after))
