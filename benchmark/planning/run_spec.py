"""What one run was asked to be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.api.data import Source, default_cache
from benchmark.api.variant import Variant
from benchmark.presets.settings import Preset


@dataclass(frozen=True)
class RunSpec:
    """What one run was asked to be. Plain values: it travels to other processes."""

    task: str  # a name, or the path of a task folder
    method: str  # a name, or the path of a method file
    variant: Variant
    seed: int
    preset: Preset
    fields: dict[str, Any] = field(default_factory=dict)  # hyperparameters that are not default
    data: Path | None = None  # a table cohort's folder; None: the digital cohort
    device: str = "auto"
    extractor: str | None = None  # features for judging generators, ARCHITECTURE=FILE; None: ours
    cache: Path = field(default_factory=default_cache)

    @property
    def source(self) -> Source:
        """Where the images come from, at the preset's sizes."""
        sizes = dataclasses.asdict(self.preset.source)
        return Source(folder=self.data, cache=self.cache / "cohorts", **sizes)
