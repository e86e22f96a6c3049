"""The guide: a frozen classifier of groups that says whom a generated image shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from torch import Tensor

from benchmark.context import RunContext
from benchmark.contracts import Split, TaskCard
from benchmark.readback import Reader, trained_reader
from benchmark.target import Target, codes_of, values_of
from benchmark.training import to_tensor
from methods.diffusion.base import settings_of

CHANCE = 0.05  # a guide is refused if mere guessing would do as well on val with this probability
TEMPERATURES = (0.2, 10.0)
PART = 256  # images that go through together


@dataclass(frozen=True)
class Guide:
    """Reads groups from images; temperatures make its probabilities honest on val."""

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


def trained_guide(train: Split, val: Split, target: Target, ctx: RunContext) -> Guide:
    """Train on train, every cell drawn alike; calibrate on val, and report how good it is there.

    Images as the generator has them: through its latents. Raises ValueError if a column of the
    target has one value in train, or if the guide is not better than chance on val.
    """
    refuse_single_values(train, target, ctx.card)
    backbone = settings_of(ctx).reader
    reader = trained_reader(train, ctx, "methods", backbone, with_masks=False)
    reader.words.requires_grad_(False)
    plain = Guide(reader, target, dict.fromkeys(target.columns, 1.0))
    found = reader.probabilities(np.asarray(val.images))
    temperatures = {
        name: temperature_of(np.log(found[name] + 1e-12), codes_of(ctx.card, name, val.table))
        for name in target.columns
    }
    guide = dataclasses.replace(plain, temperatures=temperatures)
    _report(guide, val, ctx)
    return guide


def refuse_single_values(train: Split, target: Target, card: TaskCard) -> None:
    """Refuse a column of which train has one value only: nobody can learn to tell it."""
    for column in target.columns:
        there = np.unique(codes_of(card, column, train.table))
        if len(there) < 2:
            raise ValueError(
                f"{card.name}: every training patient has {column} "
                f"{values_of(card, column)[there[0]]!r}, so no classifier can learn to tell its "
                "values, and nothing can be aligned. Align another column (aligns=...), or add "
                "patients."
            )


def temperature_of(log_probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the temperature with the lowest cross-entropy (Guo et al., ICML 2017, section 4.2).

    log_probabilities: (n, values), logits up to a constant per row; truth: (n,).
    """
    rows = np.arange(len(truth))

    def cross_entropy(log_temperature: float) -> float:
        scaled = log_probabilities / np.exp(log_temperature)
        scaled = scaled - scaled.max(1, keepdims=True)
        log_sum = np.log(np.exp(scaled).sum(1))
        return float((log_sum - scaled[rows, truth]).mean())

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))


def better_than_chance(right: np.ndarray, groups: np.ndarray) -> tuple[float, bool]:
    """Return balanced accuracy, and whether it is above that of guessing, with 95 % certainty.

    right: (n,) bool; groups: (n,) numbers of the groups that there are.
    """
    known = np.unique(groups)
    rates = np.array([right[groups == group].mean() for group in known])
    sizes = np.array([(groups == group).sum() for group in known])
    # Two successes and two failures more, so that few patients prove nothing (Agresti and Coull,
    # The American Statistician 1998, 52:119).
    cautious = (rates * sizes + 2) / (sizes + 4)
    error = np.sqrt((cautious * (1 - cautious) / (sizes + 4)).sum()) / len(known)
    low = cautious.mean() - norm.ppf(1 - CHANCE) * error
    return float(rates.mean()), bool(low > 1 / len(known))


def _report(guide: Guide, val: Split, ctx: RunContext) -> None:
    """Say and record how often the guide is right on val; refuse one that guesses."""
    groups = guide.target.encode(val.table, ctx.card)
    right = guide.read(np.asarray(val.images)).argmax(1) == groups
    balanced, works = better_than_chance(right, groups)
    rates = {
        name: float(right[groups == g].mean())
        for g, name in enumerate(guide.target.groups)
        if (groups == g).any()
    }
    words = ", ".join(f"{name} {rate:.0%}" for name, rate in rates.items())
    ctx.say(f"guide: right on val for {words}")
    ctx.record("guide", 0, **{f"accuracy, {name}": rate for name, rate in rates.items()})
    temperatures = {f"temperature, {name}": t for name, t in guide.temperatures.items()}
    ctx.record("guide", 0, balanced_accuracy=balanced, **temperatures)
    if not works:
        raise ValueError(
            f"{ctx.card.name}: the classifier that is to guide the tuning is right in "
            f"{balanced:.0%} of the validation patients, groups counting alike ({words}): no "
            f"better than guessing among {len(rates)}. Nothing is tuned. Align a column that "
            "images show, or give it more patients or steps."
        )
