"""Loss terms against numbers worked by hand, the assignment against a linear programme."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from methods.alignment_finetuning.losses import (
    assign,
    off_prompt,
    towards_assigned,
    towards_target,
    unlike_untuned,
)
from methods.alignment_finetuning.method import AlignmentFinetuning


def test_the_image_that_is_nearest_to_a_rare_group_is_assigned_to_it():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.7, 0.3]])
    groups, sure = assign(probabilities, np.array([0.5, 0.5]), 4000, np.random.default_rng(0))
    assert groups.tolist() == [0, 1, 0, 1]
    # The k-th nearest to the second group gets it if at least k of 4 are drawn: 15, 11, 5, 1 of 16.
    np.testing.assert_allclose(sure, [15 / 16, 15 / 16, 11 / 16, 11 / 16], atol=0.03)


def test_three_women_of_eight_are_not_yet_half():
    # Four or more of eight are drawn with probability 163/256 = 0.64: the fourth has to count.
    female = np.array([0.99, 0.98, 0.97, 0.05, 0.04, 0.03, 0.02, 0.01])
    probabilities = np.stack([female, 1 - female], 1)
    groups, sure = assign(probabilities, np.array([0.5, 0.5]), 4000, np.random.default_rng(0))
    counts = sure >= AlignmentFinetuning().least_confidence
    assert groups[3] == 0 and counts[3]


def test_no_group_is_favoured_where_draws_are_tied():
    rng, target = np.random.default_rng(0), np.array([0.5, 0.5])
    probabilities = np.array([[0.6, 0.4]])
    first = [assign(probabilities, target, 2, rng)[0][0] == 0 for _ in range(2000)]  # half are ties
    assert np.mean(first) == pytest.approx(0.5, abs=0.04)


@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(2, 3))
def test_one_draw_is_assigned_as_cheaply_as_scipys_transport(seed, n, groups):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(groups), size=n)
    target = rng.dirichlet(np.ones(groups))
    assigned, sure = assign(probabilities, target, 1, np.random.default_rng(seed))
    drawn = np.random.default_rng(seed).choice(groups, size=n, p=target)
    assert sorted(assigned) == sorted(drawn) and (sure == 1).all()
    cost = np.linalg.norm(probabilities[:, None] - np.eye(groups)[None], axis=2)
    # Transport of n images to the groups' drawn numbers, as a linear programme.
    rows = np.kron(np.eye(n), np.ones(groups))
    columns = np.kron(np.ones(n), np.eye(groups))
    best = linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]),
        b_eq=np.concatenate([np.ones(n), np.bincount(drawn, minlength=groups)]),
    )  # fmt: skip
    assert cost[np.arange(n), assigned].sum() == pytest.approx(best.fun, abs=1e-6)


def test_cross_entropy_is_weighted_by_confidence_and_left_out_below_the_least():
    probabilities = torch.tensor([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]])
    losses = towards_assigned(
        probabilities, torch.tensor([1, 0, 1]), torch.tensor([1.0, 0.8, 0.79]), least=0.8
    )
    torch.testing.assert_close(losses, torch.tensor([-math.log(0.75), 0.8 * math.log(2), 0.0]))


def test_the_direct_form_is_the_divergence_of_the_mean_and_has_its_gradient():
    probabilities = torch.tensor([[0.9, 0.1], [0.7, 0.3]], requires_grad=True)
    target = torch.tensor([0.5, 0.5])
    losses = towards_target(probabilities, probabilities.detach().mean(0, keepdim=True), target)
    by_hand = 0.8 * math.log(0.8 / 0.5) + 0.2 * math.log(0.2 / 0.5)
    assert float(losses.mean().detach()) == pytest.approx(by_hand)
    losses.mean().backward()
    # d KL / d p = (log(mean / target) + 1) / n; the 1 drops out along rows that sum to 1.
    slope = torch.tensor([math.log(1.6), math.log(0.4)]) / 2
    torch.testing.assert_close(probabilities.grad, slope.expand(2, -1))


def test_an_image_in_parts_has_the_same_direct_loss():
    probabilities = torch.tensor([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    mean, target = probabilities.mean(0, keepdim=True), torch.tensor([0.3, 0.7])
    whole = towards_target(probabilities, mean, target)
    parts = torch.cat([towards_target(part, mean, target) for part in probabilities.split(1)])
    torch.testing.assert_close(parts, whole)


def test_staying_like_the_untuned_image_is_one_less_the_cosine():
    seen = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    untuned = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    torch.testing.assert_close(unlike_untuned(seen, untuned), torch.tensor([0.0, 0.4]))


def test_leaving_the_sentence_costs_and_coming_closer_does_not():
    sentence = torch.tensor([[1.0, 0.0]])
    untuned = torch.tensor([[0.6, 0.8], [0.6, 0.8]])
    seen = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    torch.testing.assert_close(off_prompt(seen, sentence, untuned), torch.tensor([0.6, 0.0]))
