"""The side of a tuning is compared with patients of its own mix, on made-up features."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.metrics.generation.functions import frechet_distance_of_mix, most_of_mixes

NORTH = np.arange(64) % 2 == 0
FEATURES = np.random.default_rng(0).normal(size=(64, 2)) + 10 * NORTH[:, None]


def evidence(features, north, mixes):
    return SimpleNamespace(
        test=features, groups=np.where(north, 0, 1), mixes=np.array(mixes),
        rng=lambda purpose: np.random.default_rng(1),
    )  # fmt: skip


def side(features, shares):
    return SimpleNamespace(features=features, shares=np.array(shares))


def test_so_many_patients_are_chosen_as_every_mix_has():
    assert most_of_mixes(np.array([30, 30]), np.array([[0.5, 0.5], [0.75, 0.25]])) == 40
    assert most_of_mixes(np.array([30, 0]), np.array([[1.0, 0.0]])) == 30
    assert most_of_mixes(np.array([30, 0]), np.array([[0.9, 0.1]])) == 0


def test_a_mix_nearer_to_that_of_test_does_not_make_images_better():
    """Real patients of a skewed mix and of an even one are as good as each other."""
    skewed = np.concatenate([FEATURES[NORTH][:8], FEATURES[~NORTH][:24]])
    known = evidence(FEATURES, NORTH, [[0.25, 0.75], [0.5, 0.5]])
    assert frechet_distance_of_mix(known, side(skewed, [0.25, 0.75])) < 1.0
    assert frechet_distance_of_mix(known, side(FEATURES, [0.5, 0.5])) < 1.0
    assert frechet_distance_of_mix(known, side(skewed, [0.5, 0.5])) > 5


def test_it_is_undefined_if_test_lacks_a_group_that_was_drawn():
    known = evidence(FEATURES[NORTH], NORTH[NORTH], [[0.5, 0.5]])
    assert frechet_distance_of_mix(known, side(FEATURES, [0.5, 0.5])) == pytest.approx(
        np.nan, nan_ok=True
    )
