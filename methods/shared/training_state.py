"""Everything that a training needs to resume: weights, optimiser, average, random numbers, step."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from benchmark.api.context import RunContext

CHECKPOINT = ".training.safetensors"  # ends the name of a stage's checkpoint
SAVE_SECONDS = 30.0  # between two checkpoints, and twenty times what the last one took
WARM_UP = 0.1  # share of the steps over which the learning rate rises
CLIP = 1.0  # largest norm of a gradient


@dataclass(frozen=True)
class Budget:
    """How long and how fast one network trains."""

    steps: int
    learning_rate: float
    average: float = 0.0  # share of the steps that the moving average of the weights looks back on
    parts: int = 1  # a batch goes through the network in so many parts


class TrainingState:
    """Everything a training needs to go on: weights, optimizer, average, chance, step."""

    def __init__(
        self, stage: str, network: nn.Module, budget: Budget, folder: Path, ctx: RunContext, *,
        watched: bool,
    ) -> None:  # fmt: skip
        self.network, self.budget = network, budget
        self.file = folder / f"{stage}{CHECKPOINT}"
        self.rng = ctx.torch_rng(stage)
        self.stage, self.curves = stage, ctx.curves
        self.trained = {n: p for n, p in network.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(
            self.trained.values(), lr=0.0, weight_decay=1e-4, fused=True
        )
        self.averages = {n: p.detach().clone() for n, p in self.trained.items()}
        self.step = self.good_step = 0
        self.good: dict[str, Tensor] = {}
        self.save_after = time.perf_counter() + SAVE_SECONDS
        if self.file.exists():
            self._load()
            ctx.say(f"{stage}: resumes at step {self.step} of {budget.steps}")
        if watched and not self.good:
            self.keep(0)
        network.train()

    def advance(self, step: int) -> None:
        """Take one step of AdamW under warm-up and cosine decay, and move the average."""
        torch.nn.utils.clip_grad_norm_(self.trained.values(), CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = self.budget.learning_rate * _schedule(step, self.budget.steps)
        self.optimizer.step()
        # The average looks back on a share of the steps so far, so that it forgets the start.
        weight = 1 / max(1.0, self.budget.average * step)
        move = get_ema_multi_avg_fn(1 - weight)
        move(list(self.averages.values()), list(self.trained.values()), 0)

    def keep(self, step: int) -> None:
        """Remember the weights as good."""
        self.good_step = step
        self.good = {name: p.detach().clone() for name, p in self.trained.items()}

    def give_up(self, step: int, ctx: RunContext) -> None:
        """Return to the last good weights, and log that."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(self.good[name])
        ctx.say(
            f"{self.stage}: stopped at step {step} of {self.budget.steps} and went back to step "
            f"{self.good_step}, the last one that was good."
        )
        ctx.record(self.stage, step, went_back_to=self.good_step)
        ctx.count_steps(step)
        self.network.eval().requires_grad_(False)

    def save(self, step: int) -> None:
        """Write a checkpoint, whole or not at all; OSError if the disk does not take it."""
        began = time.perf_counter()
        tensors = {n: t.contiguous().cpu() for n, t in self._tensors(step).items()}
        curve = json.dumps([point for point in self.curves if point["stage"] == self.stage])
        partial = self.file.with_suffix(".partial")
        try:
            save_file(tensors, partial, metadata={"curve": curve})
        except (OSError, SafetensorError) as error:
            partial.unlink(missing_ok=True)
            megabytes = sum(t.nbytes for t in tensors.values()) / 1e6
            raise OSError(
                f"The checkpoint {self.file} of {megabytes:.0f} MB could not be written: {error}. "
                "Free some space, or set EQUIPOISE_CACHE to a folder that has it; the training "
                "resumes from its last checkpoint."
            ) from error
        os.replace(partial, self.file)
        now = time.perf_counter()
        self.save_after = now + max(SAVE_SECONDS, 20 * (now - began))

    def _tensors(self, step: int) -> dict[str, Tensor]:
        """Return what a checkpoint holds, by name."""
        tensors = {f"weight/{n}": p.detach() for n, p in self.trained.items()}
        tensors |= {f"average/{n}": t for n, t in self.averages.items()}
        tensors |= {f"good/{n}": t for n, t in self.good.items()}
        tensors["good_step"] = torch.tensor(self.good_step)
        for name, parameter in self.trained.items():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer/{key}/{name}"] = value
        tensors["rng"] = self.rng.get_state()
        tensors["step"] = torch.tensor(step)
        return tensors

    def _load(self) -> None:
        tensors = load_file(self.file)
        with safe_open(self.file, "pt") as file:
            self.curves += json.loads(file.metadata()["curve"])
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(tensors[f"weight/{name}"])
                self.averages[name].copy_(tensors[f"average/{name}"])
                if f"good/{name}" in tensors:
                    self.good[name] = tensors[f"good/{name}"].to(parameter.device)
                self.optimizer.state[parameter] = {
                    key: tensors[f"optimizer/{key}/{name}"].to(parameter.device)
                    for key in ("step", "exp_avg", "exp_avg_sq")
                }
        self.rng.set_state(tensors["rng"])
        self.step = int(tensors["step"])
        self.good_step = int(tensors["good_step"])

    def finish(self) -> None:
        """Leave the average in the network, ready for use.

        The last checkpoint stays until the folder is finished: if a training of several stages is
        killed in a later one, the earlier ones are done.
        """
        if self.budget.average > 0:
            with torch.no_grad():
                for name, parameter in self.trained.items():
                    parameter.copy_(self.averages[name])
        self.network.eval().requires_grad_(False)


def _schedule(step: int, steps: int) -> float:
    """Rise linearly over a tenth of the steps, then fall to zero along a cosine."""
    rise = max(1, round(WARM_UP * steps))
    if step <= rise:
        return step / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def remove_checkpoints(folder: Path) -> None:
    """Remove what only a killed training would have needed."""
    for checkpoint in folder.glob(f"*{CHECKPOINT}"):
        checkpoint.unlink()
