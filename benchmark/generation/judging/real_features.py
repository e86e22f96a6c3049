"""What the judge reads in test patients is the same in every run: it is read once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from benchmark.api.context import RunContext
from benchmark.api.data import Splits
from benchmark.cohorts.identity import split_digest
from benchmark.generation.image_reader import packages
from benchmark.generation.judging.judge import Judge, Reading

FILE = "read.safetensors"
PROBABILITIES = "probabilities of "


def read_once(splits: Splits, judge: Judge, name: str) -> Reading:
    """Return what the judge reads in test; it reads it if no run has.

    name: of the judge, which stands for the weights of its networks.
    """

    def build(folder: Path, alone: RunContext) -> None:
        test = judge.read(splits.test.images)
        found = {"features": test.features, "masks": test.masks}
        found |= {f"{PROBABILITIES}{column}": p for column, p in test.probabilities.items()}
        save_file({n: np.ascontiguousarray(values) for n, values in found.items()}, folder / FILE)

    key = {
        "by": name,
        "packages": packages(),  # other ones train other networks
        "test": split_digest(splits.test),
        "learned from": judge.learned_from,
    }
    found = load_file(judge.ctx.train_once("judged", key, build) / FILE)
    probabilities = {
        column.removeprefix(PROBABILITIES): values
        for column, values in found.items()
        if column.startswith(PROBABILITIES)
    }
    return Reading(found["features"], found["masks"], probabilities)
