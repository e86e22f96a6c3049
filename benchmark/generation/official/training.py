"""Trains the networks of an official judge on new patients of its task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.generation.image_reader import (
    SEGMENTER,
    AttributeClassifier,
    Effort,
    segment,
)
from benchmark.generation.official.looks import Components, disguise
from benchmark.generation.official.networks import LOOK, Networks, new_networks
from benchmark.training.augmentation import augment, normalise, to_tensor
from benchmark.training.loop import train_network
from benchmark.training.sampling_weights import draw_batches

READERS = ("test_byobnet", "test_efficientnet", "test_resnet")  # none that methods read with
EXTRACTOR = "test_resnet"  # its 96 features are few enough for groups of some hundred images
BATCH, WEIGHT_DECAY = 64, 0.05
RATES = {"test_resnet": 3e-3, "test_efficientnet": 3e-3}
RATE = 5e-3
FREEST, STIFFEST = 0.25, 8.0  # temperatures between which one is looked for


@dataclass(frozen=True)
class Work:
    """How much goes into a judge: patients of each part and steps of each network."""

    train: int = 24_000
    calibration: int = 2_000
    held_out: int = 4_000
    reader_steps: int = 2_600
    extractor_steps: int = 1_500
    segmenter_steps: int = 1_200
    clip_steps: int = 2_000


Loss = Callable[[nn.Module, Tensor, Tensor, torch.Generator], Tensor]  # images, rows


def trained_networks(train: Split, components: Components, work: Work, ctx: RunContext) -> Networks:
    """Train classifiers, extractor and segmenter from random weights, one after the other."""
    torch.manual_seed(int(ctx.rng("official judge: weights").integers(2**62)))
    size = train.images.shape[-1]
    networks = new_networks(ctx.card, READERS, EXTRACTOR, size, ctx.device)
    sample = np.asarray(train.images[:: max(1, len(train) // 2000)], np.float32)
    networks.mean.copy_(to_tensor(sample.mean((0, 2, 3)), ctx.device).view(1, -1, 1, 1))
    networks.std.copy_(to_tensor(sample.std((0, 2, 3)), ctx.device).view(1, -1, 1, 1).clamp(1e-6))
    reads = _reading_loss(train, networks, components, ctx)
    for name, network in networks.readers.items():
        effort = Effort(work.reader_steps, BATCH, RATES.get(name, RATE))
        _train(network, train, f"reader {name}", effort, reads, ctx)
    effort = Effort(work.extractor_steps, BATCH, RATES.get(EXTRACTOR, RATE))
    _train(networks.extractor, train, "extractor", effort, reads, ctx)
    if np.asarray(train.masks[:BATCH]).any():
        effort = dataclasses.replace(SEGMENTER, steps_share=work.segmenter_steps)
        masks = _mask_loss(train, networks, components, ctx)
        _train(networks.segmenter, train, "segmenter", effort, masks, ctx)
    return networks


def _train(
    network: nn.Module, train: Split, name: str, effort: Effort, loss: Loss, ctx: RunContext
) -> None:
    """Train one network for effort.steps_share steps."""
    stage = f"official judge: {name}"
    rng = ctx.torch_rng(stage)
    batches = draw_batches(len(train), effort.batch_size, None, rng)

    def batch_loss() -> Tensor:
        rows = next(batches)
        images = to_tensor(train.images[rows.numpy()], ctx.device)
        return loss(network, images, rows, rng)

    train_network(
        network, batch_loss, stage, ctx, steps=round(effort.steps_share),
        rate=effort.rate or RATE, weight_decay=WEIGHT_DECAY,
    )  # fmt: skip


def _reading_loss(
    train: Split, networks: Networks, components: Components, ctx: RunContext
) -> Loss:
    """Cross-entropy of label and attributes, and of the look where a network names it."""
    known = {name: torch.from_numpy(t).to(ctx.device) for name, t in truths(train, ctx).items()}

    def loss(network: nn.Module, images: Tensor, rows: Tensor, rng: torch.Generator) -> Tensor:
        seen, looks = disguise(augment(images, rng), components, rng)
        rows = rows.to(ctx.device)
        logits = network(normalise(seen, networks.mean, networks.std))
        truth = {name: codes[rows] for name, codes in known.items()} | {LOOK: looks}
        parts = [functional.cross_entropy(out.float(), truth[name]) for name, out in logits.items()]
        return torch.stack(parts).sum()

    return loss


def _mask_loss(train: Split, networks: Networks, components: Components, ctx: RunContext) -> Loss:
    def loss(network: nn.Module, images: Tensor, rows: Tensor, rng: torch.Generator) -> Tensor:
        seen, _ = disguise(images, components, rng)
        logits = segment(network, normalise(seen, networks.mean, networks.std), ctx.card)
        masks = torch.from_numpy(np.array(train.masks[rows.numpy()])).long().to(ctx.device)
        return functional.cross_entropy(logits.movedim(2, 1).float(), masks)

    return loss


def truths(split: Split, ctx: RunContext) -> dict[str, np.ndarray]:
    """Return the true codes of "label" and every attribute, (n,)."""
    groups = {a.name: ctx.card.encode_groups(split.table, [a.name])[0] for a in ctx.card.attributes}
    return {"label": ctx.card.encode_labels(split.table), **groups}


def calibrate(
    network: AttributeClassifier, probabilities: dict[str, np.ndarray], truth: dict[str, np.ndarray]
) -> dict[str, float]:
    """Divide the logits of every head by its temperature; return the temperatures.

    probabilities: what the network says of patients it has not learned from, by column. Guo et al.,
    ICML 2017, section 4.2: the temperature under which their labels are most probable.
    """
    found = {}
    for column, codes in truth.items():
        found[column] = best_temperature(probabilities[column], codes)
        head = network.heads[column]
        for weights in head.parameters():
            weights.data.div_(found[column])
    return found


def best_temperature(probability: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature, of a fine grid, with the lowest cross-entropy; (n, k) and (n,)."""
    logits = np.log(np.maximum(probability, 1e-12))
    temperatures = np.geomspace(FREEST, STIFFEST, 141)
    losses = []
    for temperature in temperatures:
        scaled = logits / temperature
        normaliser = np.log(np.exp(scaled - scaled.max(1, keepdims=True)).sum(1))
        own = scaled[np.arange(len(truth)), truth] - scaled.max(1)
        losses.append(float((normaliser - own).mean()))
    return float(temperatures[int(np.argmin(losses))])
