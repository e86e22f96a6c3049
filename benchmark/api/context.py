"""What a method is given besides its data: seeds, device, settings, cache, progress, curves."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch

from benchmark.api.card import TaskCard
from benchmark.api.data import Split
from benchmark.presets.settings import ClassifierSettings, GeneratorSettings
from benchmark.support import progress
from benchmark.support.cache import ContentCache
from benchmark.support.devices import Precision
from benchmark.support.files import write_json

T = TypeVar("T")

JUDGES = 1  # a word more in the seed: what a method asks for by the same name is another number

TRAINING = "training.json"  # in the folder of whatever was trained once: steps and curves


@dataclass
class RunContext:
    """The method's view of its run.

    Nothing of the test split, and no attribute that was not declared, is handed over through it.
    It is no sandbox: code that goes looking for files on the disk can find them.
    """

    card: TaskCard
    prompt: Callable[[Mapping[str, object]], str]  # one patient, as a sentence
    seed: int
    device: torch.device
    precision: Precision  # what forward passes may be computed in; weights stay float32
    classifier: ClassifierSettings
    cache: ContentCache  # for expensive parts that several runs share, keyed by content
    generator: GeneratorSettings | None = None  # set if trains_generator was declared
    draw: Callable[[pd.DataFrame, int], Split] | None = None  # set if extra_data was declared
    say: Callable[[str], None] = progress.say
    curves: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0  # optimiser steps so far, of all stages; count_steps adds to them
    steps_reported: bool = False  # whether anything has counted its steps, if only none
    standard_loop: bool = False  # whether train_classifier has trained for this run
    counted: set[Path] = field(default_factory=set)  # what train_once has added to them already
    judges: bool = False  # the engine's own: other random numbers than any method's

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a random generator of its own for each purpose; the same one every time."""
        own = [JUDGES] if self.judges else []
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode()), *own])

    def torch_rng(self, purpose: str) -> torch.Generator:
        """Return a torch generator on the CPU, so that CPU and GPU draw the same numbers."""
        return torch.Generator().manual_seed(int(self.rng(purpose).integers(2**62)))

    def train_once(
        self,
        kind: str,
        key: Mapping[str, Any],
        build: Callable[[Path, RunContext], None],
        *,
        seed: int | None = None,
        resumes: bool = False,
    ) -> Path:
        """Return the folder that build has filled for this key, whoever asked for it first.

        build(folder, ctx) trains with a context of its own, under seed if one is given. What it
        took, steps and curves, belongs to every run that uses it, whoever trained it; asked for
        twice by the same context, it is counted once.
        """
        full = {
            **key,
            "card": self.card.as_dict(),
            "computed": [self.device.type, self.precision, torch.get_num_threads()],
        }

        def train(folder: Path) -> None:
            mine = self.seed if seed is None else seed
            fresh: dict[str, Any] = {"curves": [], "steps": 0, "counted": set()}
            alone = replace(self, seed=mine, steps_reported=False, standard_loop=False, **fresh)
            build(folder, alone)
            taken = {"steps": alone.steps, "standard_loop": alone.standard_loop}
            write_json(folder / TRAINING, {**taken, "curves": alone.curves})

        folder = self.cache.folder(f"{kind}-{self.card.name}", full, train, resumes=resumes)
        if folder not in self.counted:
            self.counted.add(folder)
            taken = json.loads((folder / TRAINING).read_text())
            self.curves += taken["curves"]
            self.count_steps(taken["steps"])
            self.standard_loop |= taken["standard_loop"]
        return folder

    def count_steps(self, n: int) -> None:
        """Add n optimiser steps to what this run has cost.

        train_classifier and train_network count their own. A method with a loop of its own calls
        this once, after the loop; one that trains nothing calls count_steps(0). A run that never
        counted is shown as "own loop, steps not reported". Raises ValueError for a negative number
        or one that is not whole.
        """
        if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 0:
            raise ValueError(f"ctx.count_steps takes a whole number from 0 on; got {n!r}.")
        self.steps += int(n)
        self.steps_reported = True

    def record(self, stage: str, step: int, **values: float) -> None:
        """Log one point of a curve; it goes to history.csv and to the tracker.

        Raises TypeError for a value that is no number.
        """
        wrong = {k: v for k, v in values.items() if not isinstance(v, int | float | np.number)}
        if wrong:
            raise TypeError(f"ctx.record takes numbers; got {wrong}. Use float(...).")
        self.curves.append({"stage": stage, "step": step, **values})

    def track(self, items: Iterable[T], description: str, total: int) -> Iterator[T]:
        """Show how far a loop is and how long it will take."""
        return progress.track(items, description, total)

    def new_patients(self, requests: pd.DataFrame, seed: int) -> Split:
        """Make new patients of the digital cohort: for controls that declare extra_data.

        requests has a label and every attribute, in words, one row per patient.
        Raises PermissionError if the method did not declare extra_data = "digital_cohort".
        """
        if self.draw is None:
            raise PermissionError(
                'new_patients needs @method(..., extra_data="digital_cohort"), and a task on a '
                "digital cohort."
            )
        return self.draw(requests, seed)
