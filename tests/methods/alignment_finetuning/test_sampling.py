"""Gradients through sampling, on a denoiser with one parameter."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from torch.autograd.graph import saved_tensors_hooks

from benchmark.presets.load import load_preset
from methods.alignment_finetuning.method import AlignmentFinetuning
from methods.alignment_finetuning.sampling import draw_latents, draw_latents_adjusted
from methods.shared.scratch import new_solver


def solver(steps):
    made = DDIMScheduler(clip_sample=False)
    made.set_timesteps(steps)
    return made


@pytest.fixture
def start():
    return torch.randn(3, 1, 2, 2, generator=torch.Generator().manual_seed(0))


def gradient(sample, ask_for, start, steps, last):
    parameter = torch.tensor(0.1, requires_grad=True)
    drawn = sample(ask_for(parameter), solver(steps), start, last)
    drawn.mean().backward()
    return drawn.detach(), float(parameter.grad)


def constant(parameter):
    return lambda latents, time: parameter * torch.ones_like(latents)


def coupled(parameter):
    return lambda latents, time: (1 + 30 * parameter) * latents


def test_the_exact_gradient_is_that_of_finite_differences(start):
    _, exact = gradient(draw_latents, coupled, start, 5, 5)
    with torch.no_grad():
        up, down = (
            draw_latents(coupled(torch.tensor(0.1 + e)), solver(5), start, 0).mean()
            for e in (1e-3, -1e-3)
        )
    assert exact == pytest.approx(float(up - down) / 2e-3, rel=0.02)


def test_only_the_last_steps_have_a_gradient(start):
    _, one = gradient(draw_latents, constant, start, 5, 1)
    _, all_of_them = gradient(draw_latents, constant, start, 5, 5)
    assert one != 0 and abs(all_of_them) > abs(one)


@pytest.mark.parametrize("last", [1, 4])
def test_the_adjusted_gradient_counts_every_step_as_minus_one(start, last):
    """The mean of the latents falls with predicted noise: by 1 for each step, whatever its time."""
    drawn, adjusted = gradient(draw_latents_adjusted, constant, start, 5, last)
    exactly, exact = gradient(draw_latents, constant, start, 5, last)
    torch.testing.assert_close(drawn, exactly)
    assert adjusted == pytest.approx(-last)
    assert exact < 0  # the same direction


@pytest.mark.parametrize("counted", range(4))
def test_at_the_steps_of_quick_every_step_has_the_sign_of_the_exact_gradient(start, counted):
    """The solver is of second order, and yet every prediction lowers the latents."""
    settings = load_preset("quick").generator
    usual = np.linspace(999, settings.base_last_noise, settings.base_sampling_steps)
    some = np.linspace(0, len(usual) - 1, AlignmentFinetuning().chain).round().astype(int)

    def gradient_of(sample):
        parameter = torch.tensor(0.0, requires_grad=True)
        places = {}  # of times: the way back asks for the same times once more

        def ask(latents, time):
            place = places.setdefault(float(time), len(places))
            return parameter * torch.ones_like(latents) * (place == counted)

        drawn = sample(ask, new_solver(usual[some].round()), torch.zeros_like(start), len(some))
        drawn.mean().backward()
        return float(parameter.grad)

    assert len(some) == 4
    exact, adjusted = gradient_of(draw_latents), gradient_of(draw_latents_adjusted)
    assert exact < 0 and adjusted == pytest.approx(-1)


def test_the_adjusted_gradient_does_not_explode_where_steps_are_coupled(start):
    def coupled_to(slope):
        return lambda parameter: lambda latents, time: parameter + slope * latents

    exact, adjusted = (
        [gradient(sample, coupled_to(slope), start, 10, 10)[1] for slope in (0.0, -5.0)]
        for sample in (draw_latents, draw_latents_adjusted)
    )
    assert abs(exact[1]) > 100 * abs(exact[0])
    assert adjusted == pytest.approx([-10, -10])


@pytest.mark.parametrize("sample", [draw_latents, draw_latents_adjusted])
def test_memory_grows_by_latents_and_not_by_what_the_denoiser_computes(sample, start):
    """Checkpointed: a wide denoiser's activations are not kept between the steps."""
    weight = torch.ones(1000, requires_grad=True)

    def wide(latents, time):
        return (latents[..., None] * weight).tanh().mean(-1)

    kept = []

    def pack(tensor):
        kept.append(tensor.numel())
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        sample(wide, solver(8), start, 8)
    assert max(kept) <= weight.numel()
    assert sum(size for size in kept if size > start.numel()) <= 8 * weight.numel()
