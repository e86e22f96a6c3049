"""One training loop for every network of the generator: it resumes, averages, and stops on NaN."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmark.api.context import RunContext
from methods.shared.training_state import Budget, TrainingState

RECORD_EVERY = 25  # steps between two points of the loss curve
ASK_EVERY = 10  # steps between two questions whether the network is still good

# (what the step drew at random) -> a loss per image of the batch, (b,)
Loss = Callable[[Mapping[str, Tensor]], Tensor]
# (generator) -> everything that is random in one step, first dimension the batch
Draw = Callable[[torch.Generator], dict[str, Tensor]]


def train_resumably(
    stage: str,
    network: nn.Module,
    draw: Draw,
    loss: Loss,
    budget: Budget,
    folder: Path,
    ctx: RunContext,
    *,
    terms: Mapping[str, float] | None = None,
    good: Callable[[], bool] | None = None,
) -> None:
    """Train network in place, or resume where a killed training of this stage left folder.

    draw makes everything random of a step from one generator on the CPU, which the checkpoint
    keeps. So a resumed training ends in the same weights, and splitting the batch when memory runs
    out changes numbers by rounding only. With an average, the network ends as the moving average.

    terms: what loss and good last found; they are logged beside the loss. good: asked now and then
    whether the network is still worth having. The first no ends the training, and the network is as
    it was at the last yes (at the start, if there was none).

    Raises FloatingPointError if the loss is not finite, torch.OutOfMemoryError if not even single
    images fit.
    """
    state = TrainingState(stage, network, budget, folder, ctx, watched=good is not None)
    parts = budget.parts
    left = range(state.step + 1, budget.steps + 1)
    began = time.perf_counter()
    for step in ctx.track(left, f"training {stage}", len(left)):
        drawn = draw(state.rng)
        value, parts = _gradient(state.optimizer, drawn, loss, parts, ctx)
        if not math.isfinite(value):
            raise FloatingPointError(
                f"{stage}: the loss is {value} at step {step} of {budget.steps}. A smaller "
                "learning rate, or training in float32, usually helps."
            )
        state.advance(step)
        last = step == budget.steps
        asked = good is not None and (step % ASK_EVERY == 0 or last)
        fine = good() if good is not None and asked else True
        if asked or last or step % RECORD_EVERY == 0:
            rate = (step - state.step) * _size(drawn) / (time.perf_counter() - began)
            values = {"train_loss": value, "images_per_second": round(rate, 1)}
            ctx.record(stage, step, **values, **(terms or {}))
        if not fine:
            return state.give_up(step, ctx)
        if asked:
            state.keep(step)
        if last or time.perf_counter() > state.save_after:
            state.save(step)
    ctx.count_steps(budget.steps)
    state.finish()


def _size(drawn: Mapping[str, Tensor]) -> int:
    """Return how many images a batch has."""
    return len(next(iter(drawn.values())))


def _gradient(
    optimizer: torch.optim.Optimizer, drawn: Mapping[str, Tensor], loss: Loss, parts: int,
    ctx: RunContext,
) -> tuple[float, int]:  # fmt: skip
    """Fill in the gradients of one batch, in as many parts as memory asks for."""
    size = _size(drawn)
    while True:
        optimizer.zero_grad(set_to_none=True)
        full = False
        try:
            total = 0.0
            for part in torch.arange(size).chunk(parts):
                total += _add_gradient(
                    {n: values[part] for n, values in drawn.items()}, loss, size, ctx
                )
            return total, parts
        except torch.OutOfMemoryError:
            if parts >= size:
                raise
            full = True
        if full:  # only here has the failed batch let go of its memory
            parts *= 2
            torch.cuda.empty_cache()
            ctx.say(f"out of memory: batches of {size} images now go in {parts} parts")


def _add_gradient(part: Mapping[str, Tensor], loss: Loss, size: int, ctx: RunContext) -> float:
    """Add what a part of size images does to the gradients; return its share of the loss.

    A function of its own, so that nothing holds a graph for which memory did not suffice.
    """
    mine = {name: values.to(ctx.device) for name, values in part.items()}
    with autocast(ctx.device, ctx.precision == "bfloat16"):
        losses = loss(mine)
    share = losses.float().sum() / size
    share.backward()
    return float(share.detach())


def autocast(device: torch.device, bfloat16: bool) -> torch.autocast:
    """Compute in bfloat16 where the device gains from it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16)
