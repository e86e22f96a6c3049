import math
from dataclasses import replace

import numpy as np
import pytest

from benchmark.metrics.comparisons import Claim, claims_of, gains_over
from benchmark.metrics.pairing import RowDraws
from benchmark.metrics.power import MOST_SEEDS, POWER, seeds_needed


def found(difference, trainings, patients, seeds=2):
    nan = math.nan
    return Claim(difference, nan, nan, nan, seeds, "erm", trainings=trainings, patients=patients)


def test_no_training_noise_needs_no_more_than_two_seeds():
    assert seeds_needed(found(0.0281, 0, 0.01**2)) == 2  # 2.81 standard errors


def test_a_gain_below_what_the_patients_can_show_is_never_found():
    assert seeds_needed(found(0.02, 0.01**2, 0.01**2)) is None


@pytest.mark.parametrize("wrong", [(0.0, 1e-4, 1e-4), (0.1, math.nan, 1e-4)])
def test_nothing_is_said_without_a_difference_or_a_variance(wrong):
    assert seeds_needed(found(*wrong)) is None


def test_more_noise_and_smaller_gains_need_more_seeds():
    needed = [seeds_needed(found(0.05, noise**2, 0.005**2)) for noise in (0.01, 0.02, 0.04)]
    assert needed == sorted(needed) and needed[0] < needed[2] <= MOST_SEEDS
    assert seeds_needed(found(0.1, 0.02**2, 0.005**2)) < needed[1]


def test_a_gain_that_is_judged_with_others_needs_more_seeds_than_a_claim():
    alone = found(0.06, 0.04**2 / 2, 0.005**2)
    assert seeds_needed(replace(alone, level=0.01)) > seeds_needed(alone)


def test_a_gain_carries_the_level_of_its_family_and_a_claim_does_not():
    rng = np.random.default_rng(0)
    rows = {
        name: RowDraws(name, {s: rng.normal(size=9) for s in range(3)}) for name in ("erm", *"abcd")
    }
    rows["control"] = RowDraws("control", rows["a"].draws, kind="control")
    gains = gains_over("erm", rows)
    assert 0.05 / 4.5 < gains["a"].level < 0.02
    assert gains["control"].level == claims_of(rows, [("a", "erm")])["a", "erm"].level == 0.05


def test_with_so_many_seeds_the_verdict_among_nine_methods_is_found_as_often_as_it_says():
    gain, between, rivals = 0.06, 0.04, 8
    alone = found(gain, between**2 / 2, 0)
    seeds = seeds_needed(replace(alone, level=0.05 / rivals))
    rng, hits = np.random.default_rng(0), 0
    for _ in range(60):
        values = between / 2**0.5 * rng.normal(size=(rivals + 1, seeds))
        values[1] += gain
        rows = {
            i: RowDraws(f"m{i}", {s: np.full(9, v) for s, v in enumerate(of_row)})
            for i, of_row in enumerate(values)
        }
        hits += gains_over(0, rows)[1].verdict == "better"
    assert hits / 60 > POWER - 0.12


def test_with_so_many_seeds_a_gain_is_found_as_often_as_it_says():
    gain, between = 0.06, 0.04  # of one difference, between seeds
    seeds = seeds_needed(found(gain, between**2 / 2, 0))
    rng, hits = np.random.default_rng(0), 0
    for _ in range(400):
        apart = gain + between * rng.normal(size=seeds)
        rows = {
            name: RowDraws(name, {s: np.full(9, value) for s, value in enumerate(values)})
            for name, values in (("a", apart), ("erm", np.zeros(seeds)))
        }
        hits += claims_of(rows, [("a", "erm")])["a", "erm"].verdict == "better"
    assert POWER - 0.06 < hits / 400 < POWER + 0.12
