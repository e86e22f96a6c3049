"""What the judge is, and what it reads. In real patients it reads the same in every run: once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from benchmark.api.context import RunContext
from benchmark.api.data import Splits
from benchmark.cohorts.identity import split_digest
from benchmark.generation.image_reader import Reader, packages
from benchmark.generation.judging.group_counter import Jury
from benchmark.generation.text_image_model import Clip

See = Callable[[np.ndarray], np.ndarray]  # images to features, (n, width)
FILE = "read.safetensors"
PROBABILITIES = "probabilities of "


@dataclass(frozen=True)
class Judged:
    """Images of one kind with what the judge reads in them."""

    images: np.ndarray
    features: np.ndarray
    masks: np.ndarray  # read back
    probabilities: dict[str, np.ndarray]  # of "label" and every attribute

    def take(self, rows: np.ndarray) -> Judged:
        """Return some of them."""
        return Judged(
            np.asarray(self.images[rows]),
            self.features[rows],
            self.masks[rows],
            {name: values[rows] for name, values in self.probabilities.items()},
        )


@dataclass(frozen=True)
class RealPatients:
    """What the judge reads in the splits of a cohort."""

    train: np.ndarray  # features
    val: np.ndarray  # features
    test: Judged


def read(reader: Reader, see: See, images: np.ndarray) -> Judged:
    """Read images with the judge's networks."""
    return Judged(
        np.asarray(images), see(images), reader.masks(images), reader.probabilities(images)
    )


def read_once(splits: Splits, reader: Reader, see: See, ctx: RunContext, by: str) -> RealPatients:
    """Return what is read in the splits, reading them if no run has. by: names the networks."""

    def build(folder: Path, alone: RunContext) -> None:
        test = read(reader, see, splits.test.images)
        found = {"train": see(splits.train.images), "val": see(splits.val.images)}
        found |= {"features": test.features, "masks": test.masks}
        found |= {f"{PROBABILITIES}{name}": p for name, p in test.probabilities.items()}
        save_file({n: np.ascontiguousarray(values) for n, values in found.items()}, folder / FILE)

    three = (splits.train, splits.val, splits.test)
    key = {
        "by": by,
        "packages": packages(),  # other ones train other networks
        "splits": [split_digest(split) for split in three],
        "seed": ctx.seed,
    }
    found = load_file(ctx.train_once("judged", key, build) / FILE)
    probabilities = {
        name.removeprefix(PROBABILITIES): values
        for name, values in found.items()
        if name.startswith(PROBABILITIES)
    }
    test = Judged(splits.test.images, found["features"], found["masks"], probabilities)
    return RealPatients(found["train"], found["val"], test)


@dataclass(frozen=True)
class Judge:
    """What judges: networks, features, and real patients that no generator has seen."""

    reader: Reader  # of masks
    jury: Jury  # of groups
    see: See
    clip: Clip
    splits: Splits
    train: np.ndarray  # features of training patients,
    held_out: np.ndarray  # of validation patients,
    real: np.ndarray  # of the half of test that drawn patients are compared with,
    test: np.ndarray  # and of all test patients
    areas: np.ndarray | None  # of test patients' regions; None: no training patient has a mask
    ctx: RunContext
