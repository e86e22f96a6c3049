"""The standard loop that trains the standard classifier. Methods call it; nobody subclasses it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.training.inputs import TrainingData
from benchmark.training.loop import one_cycle_adamw
from benchmark.training.losses import BatchLoss, Loss, as_loss
from benchmark.training.network import Classifier, new_network
from benchmark.training.sampling_weights import checked_draw_weights, draw_batches
from benchmark.training.selection import AVERAGED_EVERY, Selection, looks_at_val, moving_average

__all__ = ["BatchLoss", "Classifier", "Loss", "train_classifier"]


def train_classifier(
    train: Split,
    val: Split,
    ctx: RunContext,
    *,
    draw_weights: np.ndarray | None = None,
    batch_loss: BatchLoss | None = None,
    loss: Loss | None = None,
    steps_factor: float = 1.0,
    stage: str = "classifier",
) -> Classifier:
    """Train the preset's classifier on train and keep the state that does best on val.

    draw_weights: (n,), how often to draw each image, on any scale; None: once per pass.
    batch_loss(cross_entropies, rows): makes one number of a batch's cross-entropies, (b,) float32,
    given the rows of train that they belong to, (b,) int64; None: the mean. rows is on ctx.device:
    move tensors with one value per image there once, with .to(ctx.device).
    loss(network, images, labels, rows): replaces the cross-entropy, for what needs logits, features
    or mixed images. network is the timm network in training mode, images the batch as it reads
    them, augmented and normalised, (b, channels, height, width) float32; labels are class indices,
    (b,) int64; all are on ctx.device. It calls the network itself, in ctx.precision: take
    network(images).float(). It draws from a ctx.torch_rng("...") of its own, and steps parameters
    of its own. batch_loss and loss exclude each other; both return one number with a gradient.
    steps_factor: how many times the preset's steps to take.

    The loop, with the preset's [classifier] in brackets: a timm network (backbone) with new
    weights, made from seed and stage. AdamW (learning_rate, weight_decay) under a one-cycle
    schedule, warm-up over a fifth of the steps (steps). Batches (batch_size) are rotated by up to
    8 degrees and shifted by up to 4 % of the width, not flipped. Weights and batch statistics are
    averaged over about a fifteenth of the steps. The average is evaluated on val (evaluations)
    times; returned is the one with the lowest cross-entropy there, every class weighted equally, or
    every cell (label x group) where the method's table has groups.

    Raises ValueError for draw_weights that cannot be drawn by and for batch_loss beside loss,
    TypeError for a loss that is no number, FloatingPointError if training diverges.
    """
    weights = checked_draw_weights(draw_weights, len(train))
    objective = as_loss(batch_loss, loss, ctx)
    steps = max(1, round(ctx.classifier.steps * steps_factor))
    data = TrainingData(train, ctx)
    network = new_network(train.images.shape[1], ctx, stage)
    selection = Selection(val, ctx, data.mean, data.std)
    _train(network, objective, data, weights, selection, steps, stage, ctx)
    ctx.count_steps(steps)
    ctx.standard_loop = True
    network.load_state_dict(selection.best_state)
    best, loss_there = selection.best_step, selection.best_loss
    ctx.say(f"{stage}: best val loss {loss_there:.4f} at step {best} of {steps}")
    return Classifier(network, data.mean, data.std, ctx.device)


def _train(
    network: nn.Module, objective: Loss, data: TrainingData, weights: np.ndarray | None,
    selection: Selection, steps: int, stage: str, ctx: RunContext,
) -> None:  # fmt: skip
    """Train the network, and show its moving average to the selection from time to time."""
    settings = ctx.classifier
    optimizer, schedule = one_cycle_adamw(
        network, settings.learning_rate, settings.weight_decay, steps
    )
    averaged = moving_average(network, steps)
    rng = ctx.torch_rng(f"{stage}: batches")
    batches = draw_batches(len(data), settings.batch_size, weights, rng)
    looks = looks_at_val(steps, settings.evaluations)
    running, looked = torch.zeros((), device=ctx.device), 0
    for step in ctx.track(range(1, steps + 1), f"training {stage}", steps):
        loss = objective(network, *data.batch(next(batches), rng))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % AVERAGED_EVERY == 0 or step == steps:
            averaged.update_parameters(network)
        running += loss.detach()
        if step in looks:
            val_loss = selection.look(averaged.module, step)
            train_loss = float(running) / (step - looked)
            ctx.record(stage, step, train_loss=train_loss, val_loss=val_loss)
            running, looked = torch.zeros_like(running), step
