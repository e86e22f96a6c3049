"""What the judge reads in real patients is the same in every run: it is read once."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class RealFeatures:
    """What the judge reads in the splits of a cohort."""

    train: np.ndarray  # features, (n, width)
    val: np.ndarray  # features, (n, width)
    test: Reading


def read_once(splits: Splits, judge: Judge, name: str) -> RealFeatures:
    """Return what the judge reads in the splits; it reads them if no run has.

    name: of the judge, which stands for the weights of its networks.
    """

    def build(folder: Path, alone: RunContext) -> None:
        test = judge.read(splits.test.images)
        found = {"train": judge.extract(splits.train.images)}
        found |= {"val": judge.extract(splits.val.images)}
        found |= {"features": test.features, "masks": test.masks}
        found |= {f"{PROBABILITIES}{column}": p for column, p in test.probabilities.items()}
        save_file({n: np.ascontiguousarray(values) for n, values in found.items()}, folder / FILE)

    three = (splits.train, splits.val, splits.test)
    key = {
        "by": name,
        "packages": packages(),  # other ones train other networks
        "splits": [split_digest(split) for split in three],
        "seed": judge.ctx.seed,
    }
    found = load_file(judge.ctx.train_once("judged", key, build) / FILE)
    probabilities = {
        column.removeprefix(PROBABILITIES): values
        for column, values in found.items()
        if column.startswith(PROBABILITIES)
    }
    test = Reading(found["features"], found["masks"], probabilities)
    return RealFeatures(found["train"], found["val"], test)
