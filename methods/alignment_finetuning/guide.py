"""The guide: a frozen classifier that reads the group which a generated image shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from benchmark.api.card import TaskCard, group_words
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.api.mix_target import Target, codes_of, values_of
from benchmark.generation.image_reader import Reader, trained_reader
from benchmark.metrics.share_metrics import better_than_chance
from benchmark.training.augmentation import to_tensor
from benchmark.training.sampling_weights import balanced_weights
from methods.shared.generator_key import settings_of

TEMPERATURES = (0.2, 10.0)
PART = 256  # images that go through together


@dataclass(frozen=True)
class Guide:
    """Reads groups from images; temperatures calibrate its probabilities, groups weighing alike."""

    reader: Reader
    target: Target
    temperatures: Mapping[str, float]  # by column

    def probabilities(self, images: Tensor) -> Tensor:
        """Map images (n, channels, size, size) to probabilities of groups, with gradients."""
        logits = self.reader.logits(images)
        joint = torch.ones(len(images), 1, device=images.device)
        for column, temperature in self.temperatures.items():
            one = (logits[column].float() / temperature).softmax(1)
            joint = (joint[:, :, None] * one[:, None, :]).flatten(1)
        return joint

    @torch.inference_mode()
    def read(self, images: np.ndarray) -> np.ndarray:
        """Return the same for arrays, (n, groups)."""
        device = self.reader.device
        parts = [
            self.probabilities(to_tensor(images[i : i + PART], device)).cpu().numpy()
            for i in range(0, len(images), PART)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.target.groups)))


def trained_guide(
    train: Sequence[Split], val: Sequence[Split], target: Target, ctx: RunContext
) -> Guide:
    """Train on train, every cell drawn alike; calibrate on val, and report its accuracy there.

    Both hold the same patients in several versions: through the generator's latents, and redrawn by
    it (or the first alone). Every group must have patients (refuse_unknown_groups). Raises
    ValueError if the guide is not better than chance on val in every column.
    """
    reader = trained_reader(  # as many steps for each version
        joined(train), ctx, "methods", settings_of(ctx).reader, with_masks=False, times=len(train)
    )
    reader.classifier.requires_grad_(False)
    plain = Guide(reader, target, dict.fromkeys(target.columns, 1.0))
    versions = joined(val)
    found = reader.probabilities(np.asarray(versions.images))
    temperatures = {
        name: temperature_of(np.log(found[name] + 1e-12), codes_of(ctx.card, name, versions.table))
        for name in target.columns
    }
    guide = dataclasses.replace(plain, temperatures=temperatures)
    for split, kind in zip(val, ("val", "redrawn val"), strict=False):
        _report(guide, split, kind, ctx)
    return guide


def joined(splits: Sequence[Split]) -> Split:
    """Put several versions of the same patients behind each other."""
    return Split(
        np.concatenate([split.images for split in splits]),
        np.concatenate([split.masks for split in splits]),
        pd.concat([split.table for split in splits], ignore_index=True),
    )


def refuse_unknown_groups(train: Split, val: Split, target: Target, card: TaskCard) -> None:
    """Refuse a target of groups that cannot be learned: both splits need patients of each."""
    problems = []
    for column in target.columns:
        there = np.unique(codes_of(card, column, train.table))
        if len(there) < 2:
            value = values_of(card, column)[there[0]]
            problems.append(f"every training patient has {column} {value!r}")
    for split, name in ((train, "training"), (val, "validation")):
        counts = np.bincount(target.encode(split.table, card), minlength=len(target.groups))
        absent = [
            group_words(group)
            for group, share, count in zip(target.groups, target.shares, counts, strict=True)
            if share > 0 and not count
        ]
        if absent:
            problems.append(f"no {name} patient is {' or '.join(map(repr, absent))}")
    if problems:
        raise ValueError(
            f"{card.name}: {'; '.join(problems)}. No classifier can learn such groups, and nothing "
            "can be aligned. Align other columns (aligns=...), give these groups a share "
            "of 0, or add patients."
        )


def temperature_of(log_probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature with the lowest cross-entropy (Guo et al., ICML 2017, section 4.2).

    log_probabilities: (n, values), logits up to a constant per row; truth: (n,). Every value counts
    alike, as in the guide's training: one temperature cannot correct for rare groups on val.
    """
    rows, weights = np.arange(len(truth)), balanced_weights(truth)

    def cross_entropy(log_temperature: float) -> float:
        scaled = log_probabilities / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(1))
        return float((weights * (log_sum - scaled[rows, truth])).sum())

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))


def _report(guide: Guide, val: Split, kind: str, ctx: RunContext) -> None:
    """Log and record how often the guide is right on val; refuse one that guesses.

    kind: the version of the patients of val.
    """
    groups = guide.target.encode(val.table, ctx.card)
    right = guide.read(np.asarray(val.images)).argmax(1) == groups
    balanced, _ = better_than_chance(right, groups)
    rates = {
        group_words(group): float(right[groups == g].mean())
        for g, group in enumerate(guide.target.groups)
        if (groups == g).any()
    }
    words = ", ".join(f"{name} {rate:.0%}" for name, rate in rates.items())
    ctx.say(f"guide: right on {kind} for {words}")
    stage = f"guide, {kind}"
    ctx.record(stage, 0, **{f"accuracy, {name}": rate for name, rate in rates.items()})
    temperatures = {f"temperature, {name}": t for name, t in guide.temperatures.items()}
    ctx.record(stage, 0, balanced_accuracy=float(balanced), **temperatures)
    read = guide.reader.probabilities(np.asarray(val.images))
    for column in guide.target.columns:
        truth = codes_of(ctx.card, column, val.table)
        rate, works = better_than_chance(read[column].argmax(1) == truth, truth)
        if not works:
            raise ValueError(
                f"{ctx.card.name}: the classifier that should guide the tuning reads {column} from "
                f"{rate:.0%} of {kind}'s patients correctly, values counting alike ({words}): no "
                f"better than guessing among {len(np.unique(truth))}. Nothing is tuned. Align "
                "a column that images show, or give it more patients or steps."
            )
