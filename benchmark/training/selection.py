"""Which state of a network is kept: the one that does best on val."""

from __future__ import annotations

import copy
import math

import numpy as np
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.training.network import Classifier
from benchmark.training.sampling_weights import balanced_weights

AVERAGED_OVER = 15  # weights are averaged over about one fifteenth of the steps

AVERAGED_EVERY = 4  # steps: every step would cost time, and the average looks back on many


def moving_average(network: nn.Module, steps: int) -> AveragedModel:
    """An exponential average of weights and batch statistics over about steps / 15 steps."""
    decay = max(0.0, 1 - AVERAGED_OVER / steps) ** AVERAGED_EVERY
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def looks_at_val(steps: int, times: int) -> list[int]:
    """Return after which steps val is looked at: evenly spaced, just after an average was taken."""
    even = np.linspace(0, steps, times + 1)[1:]
    return np.minimum(np.ceil(even / AVERAGED_EVERY) * AVERAGED_EVERY, steps).astype(int).tolist()


class Selection:
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
        """Return the loss on val, and keep the network's state if there was no lower one.

        Raises FloatingPointError if it is no finite number.
        """
        asked = Classifier(network, self.mean, self.std, self.device)
        probability = asked.predict_proba(self.val.images)
        right = probability[np.arange(len(self.labels)), self.labels]
        loss = float(-(self.weights * np.log(np.maximum(right, 1e-12))).sum())
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"The loss on val is {loss} at step {step}: training diverged. Lower the learning "
                "rate, or look at what your batch_loss or loss returns."
            )
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, step
            self.best_state = copy.deepcopy(network.state_dict())
        return loss
