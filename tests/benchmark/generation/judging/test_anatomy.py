"""Shares from areas of regions: known mixes come out, and overlapping groups have a large floor."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.generation.judging.anatomy import Anatomy, anatomy_floor

TARGET = SimpleNamespace(shares=(0.5, 0.5))


def anatomy(apart):
    """200 patients of two groups, whose two areas differ by so many standard deviations."""
    groups = np.arange(200) % 2
    areas = np.random.default_rng(0).normal(size=(200, 2)) + apart * groups[:, None]
    parts = [np.flatnonzero(groups == g) for g in (0, 1)]
    return Anatomy(areas, np.ones(200), {0: parts})


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_mean_of_a_mix_gives_the_mix_back(share):
    known = anatomy(3)
    first, second = (known.areas[rows].mean(0) for rows in known.fitting[0])
    found = known.shares({0: share * first + (1 - share) * second})
    np.testing.assert_allclose(found, [share, 1 - share], atol=1e-6)


def test_real_patients_of_the_target_mix_come_out_nearer_where_groups_differ_more():
    floors = [anatomy_floor(anatomy(d), TARGET, np.random.default_rng(0)) for d in (0.3, 3)]
    assert floors[1] < 0.08 < floors[0]


def test_without_patients_that_prompts_fit_nothing_is_said():
    nobody = Anatomy(np.zeros((0, 2)), np.zeros(0), {})
    assert anatomy_floor(nobody, TARGET, np.random.default_rng(0)) is None
    assert (
        nobody.shares({}) is None and anatomy_floor(None, TARGET, np.random.default_rng()) is None
    )
