"""Sampling that gradients flow back through: the last steps of a short chain."""

from __future__ import annotations

from collections.abc import Callable

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from torch import Tensor
from torch.utils.checkpoint import checkpoint

Predict = Callable[[Tensor, Tensor], Tensor]  # latents and time to what the denoiser predicts


def draw_latents(
    predict: Predict, solver: DDIMScheduler | DPMSolverMultistepScheduler, start: Tensor, last: int,
    *, recompute: bool = True,
) -> Tensor:  # fmt: skip
    """Take noise (n, ...) back to latents; the exact gradient flows through the last steps.

    recompute: every step with gradient keeps its latents and computes the rest again on the way
    back (gradient checkpointing), so that memory holds one step's activations, however many steps.
    Otherwise it keeps them all, and saves that computation.
    """
    latents, times = start, solver.timesteps
    for place, time in enumerate(times):
        here = time.to(start.device)
        if place < len(times) - last:
            with torch.no_grad():
                guess = predict(latents, here)
        else:
            guess = _predicted(predict, latents, here, recompute)
        latents = solver.step(guess, time, latents).prev_sample
    return latents


def draw_latents_adjusted(
    predict: Predict, solver: DDIMScheduler | DPMSolverMultistepScheduler, start: Tensor, last: int,
    *, recompute: bool = True,
) -> Tensor:  # fmt: skip
    """Give the same latents with the adjusted gradient of Shen et al. 2024 (arXiv 2311.07604).

    Their section 4.2: the exact gradient multiplies Jacobians of all later steps, and explodes or
    vanishes. Here the coupling with other steps is left out and every step's prediction counts
    alike: the gradient of the latents with respect to each prediction is taken as -1, its sign for
    predictions of noise and of v in solvers of first order, whatever the schedule. A solver of
    second order also uses the last prediction, with the other sign. At the four steps of `quick`
    all signs are still negative; in longer chains a step or two can have the wrong one.
    """
    latents, times, counted = start, solver.timesteps, torch.zeros_like(start)
    for place, time in enumerate(times):
        here = time.to(start.device)
        known = latents.detach()
        if place < len(times) - last:
            with torch.no_grad():
                guess = predict(known, here)
        else:
            live = _predicted(predict, known, here, recompute)
            guess = live.detach()
            counted = counted - (live - guess)  # of value 0: only its gradient counts
        latents = solver.step(guess, time, known).prev_sample
    return latents.detach() + counted


def _predicted(predict: Predict, latents: Tensor, time: Tensor, recompute: bool) -> Tensor:
    if recompute:
        return checkpoint(predict, latents, time, use_reentrant=False)
    return predict(latents, time)
