"""One training loop for every network of the generator: it resumes, averages, and stops on NaN."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
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
RECORD_EVERY = 25  # steps between two points of the loss curve
ASK_EVERY = 10  # steps between two questions whether the network is still good
CLIP = 1.0  # largest norm of a gradient

# (what the step drew by chance) -> a loss per image of the batch, (b,)
Loss = Callable[[Mapping[str, Tensor]], Tensor]
# (generator) -> everything that is left to chance in one step, first dimension the batch
Draw = Callable[[torch.Generator], dict[str, Tensor]]


@dataclass(frozen=True)
class Budget:
    """How long and how fast one network trains."""

    steps: int
    learning_rate: float
    average: float = 0.0  # share of the steps that the moving average of the weights looks back on
    parts: int = 1  # a batch goes through the network in so many parts


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
    """Train network in place, or go on where a killed training of this stage left folder.

    draw makes all of a step's chance from one generator on the CPU, which the checkpoint keeps: so
    a resumed training ends in the same weights, and halving the batch when memory runs out changes
    no number but by rounding. With an average, the network ends as the moving average.

    terms: what loss and good last found; they are logged beside the loss. good: asked now and then
    whether the network is still worth having; the first no ends the training, and the network is as
    it was at the last yes (at the start, if there was none).

    Raises FloatingPointError if the loss is no number, torch.OutOfMemoryError if not even single
    images fit.
    """
    state = _State(stage, network, budget, folder, ctx, watched=good is not None)
    parts = budget.parts
    left = range(state.step + 1, budget.steps + 1)
    began = time.perf_counter()
    for step in ctx.track(left, f"training {stage}", len(left)):
        chance = draw(state.rng)
        images = len(next(iter(chance.values())))
        value, parts = _gradient(state.optimizer, chance, loss, parts, ctx)
        if not math.isfinite(value):
            raise FloatingPointError(
                f"{stage}: the loss is {value} at step {step} of {budget.steps}. A smaller "
                "learning rate, or training in float32, usually helps."
            )
        state.advance(step)
        asked = good is not None and (step % ASK_EVERY == 0 or step == budget.steps)
        fine = good() if good is not None and asked else True
        if asked or step % RECORD_EVERY == 0 or step == budget.steps:
            rate = (step - state.step) * images / (time.perf_counter() - began)
            parts_of_loss = dict(terms or {})
            ctx.record(
                stage, step, train_loss=value, images_per_second=round(rate, 1), **parts_of_loss
            )
        if not fine:
            return state.give_up(step, ctx)
        if asked:
            state.keep(step)
        if step == budget.steps or time.perf_counter() > state.save_after:
            state.save(step)
    ctx.count_steps(budget.steps)
    state.finish()


def _gradient(
    optimizer: torch.optim.Optimizer, chance: Mapping[str, Tensor], loss: Loss, parts: int,
    ctx: RunContext,
) -> tuple[float, int]:  # fmt: skip
    """Fill in the gradients of one batch, in as many parts as memory asks for."""
    size = len(next(iter(chance.values())))
    while True:
        optimizer.zero_grad(set_to_none=True)
        full = False
        try:
            total = 0.0
            for part in torch.arange(size).chunk(parts):
                total += _add_gradient(
                    {n: values[part] for n, values in chance.items()}, loss, size, ctx
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


def remove_checkpoints(folder: Path) -> None:
    """Remove what only a killed training would have needed."""
    for checkpoint in folder.glob(f"*{CHECKPOINT}"):
        checkpoint.unlink()


def autocast(device: torch.device, bfloat16: bool) -> torch.autocast:
    """Compute in bfloat16 where the device gains from it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16)


class _State:
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
            ctx.say(f"{stage}: goes on at step {self.step} of {budget.steps}")
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
        """Return to the last good weights, and say so."""
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
        """Write a checkpoint, whole or not at all."""
        began = time.perf_counter()
        tensors = {f"weight/{n}": p.detach() for n, p in self.trained.items()}
        tensors |= {f"average/{n}": t for n, t in self.averages.items()}
        tensors |= {f"good/{n}": t for n, t in self.good.items()}
        tensors["good_step"] = torch.tensor(self.good_step)
        for name, parameter in self.trained.items():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer/{key}/{name}"] = value
        tensors["rng"] = self.rng.get_state()
        tensors["step"] = torch.tensor(step)
        partial = self.file.with_suffix(".partial")
        try:
            curve = json.dumps([point for point in self.curves if point["stage"] == self.stage])
            tensors = {n: t.contiguous().cpu() for n, t in tensors.items()}
            save_file(tensors, partial, metadata={"curve": curve})
        except (OSError, SafetensorError) as error:
            partial.unlink(missing_ok=True)
            megabytes = sum(t.nbytes for t in tensors.values()) / 1e6
            raise OSError(
                f"The checkpoint {self.file} of {megabytes:.0f} MB could not be written: {error}. "
                "Free some space, or set EQUIPOISE_CACHE to a folder that has it; the training "
                "goes on from its last checkpoint."
            ) from error
        os.replace(partial, self.file)
        now = time.perf_counter()
        self.save_after = now + max(SAVE_SECONDS, 20 * (now - began))

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

        The last checkpoint stays until the folder is finished: a training of several stages that is
        killed in a later one finds the earlier ones done.
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
