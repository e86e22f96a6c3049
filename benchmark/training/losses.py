"""What a batch is trained on: the mean cross-entropy, a method's own sum of it, or its own loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api.context import RunContext

# (cross-entropies of the images in the batch, their rows in train), both (b,) -> one number
BatchLoss = Callable[[Tensor, Tensor], Tensor]

# (network, images, labels, rows in train) -> one number; train_classifier says what they are
Loss = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]


def as_loss(batch_loss: BatchLoss | None, loss: Loss | None, ctx: RunContext) -> Loss:
    """Return the loss that a method asks for, checked at every call; by default the mean.

    Raises ValueError for both at once; the loss raises TypeError for what is no scalar with a
    gradient.
    """
    if loss is not None and batch_loss is not None:
        raise ValueError(
            "train_classifier takes batch_loss or loss, not both: batch_loss sums cross-entropies, "
            "loss(network, images, labels, rows) replaces them."
        )
    name = "loss" if loss is not None else "batch_loss"

    def checked(network: nn.Module, images: Tensor, labels: Tensor, rows: Tensor) -> Tensor:
        if loss is None:
            value = _of_cross_entropies(network, images, labels, rows, batch_loss, ctx)
        else:
            with _autocast(ctx):
                value = loss(network, images, labels, rows)
        refuse_no_scalar(value, name)
        return value

    return checked


def _of_cross_entropies(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    rows: Tensor,
    batch_loss: BatchLoss | None,
    ctx: RunContext,
) -> Tensor:
    with _autocast(ctx):
        logits = network(images)
    losses = functional.cross_entropy(logits.float(), labels, reduction="none")
    return losses.mean() if batch_loss is None else batch_loss(losses, rows)


def _autocast(ctx: RunContext) -> torch.autocast:
    return torch.autocast(ctx.device.type, torch.bfloat16, enabled=ctx.precision == "bfloat16")


def refuse_no_scalar(value: object, name: str) -> None:
    """Raise TypeError if a loss is no scalar tensor with a gradient, and say how to make it one."""
    needed = f"{name} must return one number: a tensor of shape () with a gradient"
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{needed}; it returned {type(value).__name__} {value!r:.60}. Compute it with torch, "
            "without .item(), float(...) or numpy."
        )
    if value.shape != ():
        raise TypeError(f"{needed}; it returned shape {tuple(value.shape)}. Take .mean()?")
    if not value.requires_grad:
        raise TypeError(
            f"{needed}; what it returned has none. Compute it from its arguments, without "
            ".detach(), .item() or torch.no_grad()."
        )
