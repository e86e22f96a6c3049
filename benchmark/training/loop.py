"""The plain loop of networks that are no classifier of the benchmark, and its schedule."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmark.api.context import RunContext

RECORDED_EVERY = 20  # steps between two points of a curve


def train_network(
    network: nn.Module, batch_loss: Callable[[], Tensor], stage: str, ctx: RunContext, *,
    steps: int, rate: float, weight_decay: float,
) -> None:  # fmt: skip
    """Train a network that is no classifier of the benchmark: a judge, a reader, a CLIP.

    batch_loss draws a batch and returns its loss; it is computed in ctx.precision. The network is
    left ready for use.
    """
    network.train()
    optimizer, schedule = one_cycle_adamw(network, rate, weight_decay, steps)
    for step in ctx.track(range(1, steps + 1), f"training {stage}", steps):
        with torch.autocast(ctx.device.type, torch.bfloat16, enabled=ctx.precision == "bfloat16"):
            loss = batch_loss()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % RECORDED_EVERY == 0 or step == steps:
            ctx.record(stage, step, train_loss=float(loss.detach()))
    ctx.count_steps(steps)
    network.eval()


def one_cycle_adamw(
    network: nn.Module, rate: float, weight_decay: float, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW under a one-cycle schedule, warm-up over a fifth of the steps.

    A warm-up of less than a step cannot be divided by: a few steps are the start of six.
    """
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=rate, weight_decay=weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=max(steps + 1, 6), pct_start=0.2
    )
    return optimizer, schedule
