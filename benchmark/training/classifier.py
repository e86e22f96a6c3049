"""The one standard classifier and its loop. Methods call it; nobody subclasses it.

A method bends training in three places: how often each image is drawn (draw_weights), how the
batch's losses become one number (batch_loss), and how many steps it takes (steps_factor)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.training.augmentation import augment, normalise, to_tensor
from benchmark.training.loop import one_cycle_adamw
from benchmark.training.sampling_weights import balanced_weights, draw_batches

# (losses of the images in the batch, their rows in train) -> one number to minimise
BatchLoss = Callable[[Tensor, Tensor], Tensor]

AVERAGED_OVER = 15  # weights are averaged over about one fifteenth of the steps

AVERAGED_EVERY = 4  # steps: every step would cost time, and the average looks back on many

RESIDENT_BYTES = 2 * 2**30  # training images up to this size are kept on the device

PREDICT_BATCH = 256


class Classifier:
    """A trained network: images in, probabilities or features out, always in float32."""

    def __init__(self, network: nn.Module, mean: Tensor, std: Tensor, device: torch.device) -> None:
        self.network = network.eval()
        self.mean = mean
        self.std = std
        self.device = device

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Return class probabilities, shape (n, classes)."""
        return self._in_batches(images, lambda x: self.network(x).softmax(1))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return what the last layer sees, shape (n, width)."""

        def penultimate(x: Tensor) -> Tensor:
            return self.network.forward_head(self.network.forward_features(x), pre_logits=True)  # type: ignore[operator]

        return self._in_batches(images, penultimate)

    @torch.inference_mode()
    def _in_batches(self, images: np.ndarray, function: Callable[[Tensor], Tensor]) -> np.ndarray:
        parts = []
        for start in range(0, len(images), PREDICT_BATCH):
            batch = to_tensor(images[start : start + PREDICT_BATCH], self.device)
            batch = normalise(batch, self.mean, self.std)
            parts.append(function(batch).float().cpu().numpy())
        return np.concatenate(parts)


def train_classifier(
    train: Split,
    val: Split,
    ctx: RunContext,
    *,
    draw_weights: np.ndarray | None = None,
    batch_loss: BatchLoss | None = None,
    steps_factor: float = 1.0,
    stage: str = "classifier",
) -> Classifier:
    """Train the preset's classifier on train and keep the state that does best on val.

    A state is the moving average of the last weights, which varies less than the weights do.
    draw_weights: (n,), how often to draw each image; None: every image once per pass.
    batch_loss: turns a batch's cross-entropies and row numbers into the loss; None: the mean.
    Best on val: the lowest cross-entropy with every class weighted equally, or every cell
    (label x group) where the table that the method was given has groups.
    """
    settings = ctx.classifier
    steps = max(1, round(settings.steps * steps_factor))
    labels = torch.from_numpy(ctx.card.encode_labels(train.table)).to(ctx.device)
    images = _resident(train.images, ctx.device)
    mean, std = _channel_statistics(train.images)
    mean, std = mean.to(ctx.device), std.to(ctx.device)
    network = _new_network(train.images.shape[1], len(ctx.card.classes), ctx, stage)
    optimizer, schedule = one_cycle_adamw(
        network, settings.learning_rate, settings.weight_decay, steps
    )
    averaged = _moving_average(network, steps)
    rng = ctx.torch_rng(f"{stage}: batches")
    batches = draw_batches(len(train), settings.batch_size, draw_weights, rng)
    looks = looks_at_val(steps, settings.evaluations)
    selection = _Selection(val, ctx, mean, std)
    running, looked = torch.zeros((), device=ctx.device), 0
    for step in ctx.track(range(1, steps + 1), f"training {stage}", steps):
        rows = next(batches)
        batch = augment(_take(images, rows, ctx.device), rng)
        with torch.autocast(ctx.device.type, torch.bfloat16, enabled=ctx.precision == "bfloat16"):
            logits = network(normalise(batch, mean, std))
        on_device = rows.to(ctx.device)
        losses = functional.cross_entropy(logits.float(), labels[on_device], reduction="none")
        loss = losses.mean() if batch_loss is None else batch_loss(losses, on_device)
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
    ctx.count_steps(steps)
    ctx.standard_loop = True
    network.load_state_dict(selection.best_state)
    best, loss_there = selection.best_step, selection.best_loss
    ctx.say(f"{stage}: best val loss {loss_there:.4f} at step {best} of {steps}")
    return Classifier(network, mean, std, ctx.device)


def looks_at_val(steps: int, times: int) -> list[int]:
    """Return after which steps val is looked at: evenly spaced, just after an average was taken."""
    even = np.linspace(0, steps, times + 1)[1:]
    return np.minimum(np.ceil(even / AVERAGED_EVERY) * AVERAGED_EVERY, steps).astype(int).tolist()


class _Selection:
    """Remembers the state with the lowest balanced cross-entropy on val."""

    def __init__(self, val: Split, ctx: RunContext, mean: Tensor, std: Tensor) -> None:
        self.val, self.device, self.mean, self.std = val, ctx.device, mean, std
        self.labels = ctx.card.encode_labels(val.table)
        has_groups = all(a.name in val.table for a in ctx.card.attributes)
        cells = ctx.card.encode_cells(val.table)[0] if has_groups else self.labels
        self.weights = balanced_weights(cells)
        self.best_loss, self.best_step = math.inf, 0
        self.best_state: dict[str, Tensor] = {}

    def look(self, network: nn.Module, step: int) -> float:
        probability = Classifier(network, self.mean, self.std, self.device).predict_proba(
            self.val.images
        )
        right = probability[np.arange(len(self.labels)), self.labels]
        loss = float(-(self.weights * np.log(np.maximum(right, 1e-12))).sum())
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"The loss on val is {loss} at step {step}: training diverged. Lower the learning "
                "rate, or look at what your batch_loss returns."
            )
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, step
            self.best_state = copy.deepcopy(network.state_dict())
        return loss


def _moving_average(network: nn.Module, steps: int) -> AveragedModel:
    """An exponential average of weights and batch statistics over about steps / 15 steps."""
    decay = max(0.0, 1 - AVERAGED_OVER / steps) ** AVERAGED_EVERY
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def _new_network(channels: int, classes: int, ctx: RunContext, stage: str) -> nn.Module:
    torch.manual_seed(int(ctx.rng(f"{stage}: weights").integers(2**62)))
    network = timm.create_model(ctx.classifier.backbone, in_chans=channels, num_classes=classes)
    return network.to(ctx.device).to(memory_format=torch.channels_last).train()


def _resident(images: np.ndarray, device: torch.device) -> Tensor | np.ndarray:
    return to_tensor(images, device) if images.nbytes <= RESIDENT_BYTES else images


def _take(images: Tensor | np.ndarray, rows: Tensor, device: torch.device) -> Tensor:
    if isinstance(images, Tensor):
        return images[rows.to(device)]
    return to_tensor(images[np.sort(rows.numpy())], device)[rows.argsort().argsort().to(device)]


def _channel_statistics(images: np.ndarray) -> tuple[Tensor, Tensor]:
    sample = np.asarray(images[:: max(1, len(images) // 2000)], np.float32)
    mean, std = sample.mean((0, 2, 3)), sample.std((0, 2, 3))
    return (
        torch.from_numpy(mean).view(1, -1, 1, 1),
        torch.from_numpy(np.maximum(std, 1e-6)).view(1, -1, 1, 1),
    )
