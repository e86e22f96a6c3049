"""config.json: everything that was decided about a run before its work began."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts, CohortKind
from benchmark.presets.settings import ClassifierSettings, RunSettings, SourceSettings
from benchmark.records.base import AnyValues, Part, Record, read_record, write_record

CONFIG = "config.json"


class TaskPart(Part):
    """The task and the digest of its code."""

    name: str
    version: int
    source: str


class VariantPart(Part):
    """How the knobs of a digital cohort were set; a table cohort has none."""

    name: str
    knobs: dict[str, float]


class MethodPart(Part):
    """The method, its declarations, and the values of its fields."""

    name: str
    source: str  # digest of its code
    fields: AnyValues
    kind: Literal["baseline", "method", "control"]
    origin: str
    groups_used: Literal["never", "train", "test"]
    extra_data: str
    trains_generator: bool
    summary: str
    compare_with: tuple[str, ...] = ("erm",)  # the rows that it must beat


class PresetPart(Part):
    """The preset; of a generator, a checkpoint by its content and not by where it lies."""

    name: str
    description: str
    source: SourceSettings
    classifier: ClassifierSettings
    run: RunSettings
    generator: AnyValues | None = None


class SourcePart(Part):
    """Where the images come from; content is the digest of a table cohort's files."""

    kind: CohortKind
    name: str
    content: str | None = None

    def plain(self) -> dict[str, str]:
        """Return what there is as plain values."""
        return self.model_dump(exclude_none=True)


class RunConfig(Record):
    """The content of config.json."""

    task: TaskPart
    variant: VariantPart
    method: MethodPart
    preset: PresetPart
    source: SourcePart
    card: TaskCard
    cohort_facts: CohortFacts
    seed: int
    engine: str  # digest of the code that all runs share
    extractor: str | None = None  # of one's own features, where they were asked for
    environment: dict[str, str | int]
    row: str  # identifies all that changes numbers but the seed
    run: str  # readable name of the run's folder
    cohort: str  # name of the folder with the cohort's pictures and counts


def read_config(folder: Path) -> RunConfig:
    """Read config.json; raises UnreadableRecord."""
    return read_record(folder / CONFIG, RunConfig)


def write_config(folder: Path, config: RunConfig) -> None:
    """Write config.json."""
    write_record(folder / CONFIG, config)
