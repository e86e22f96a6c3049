"""What names a run: a hash of everything that changes its numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from benchmark.api.cohort import CohortFacts
from benchmark.cohorts.identity import content_digest
from benchmark.discovery.code_digest import code_digest, file_digest, folder_digest
from benchmark.discovery.find import Found
from benchmark.generation.checkpoints import check_checkpoint, checkpoint_digest
from benchmark.presets.settings import CheckpointSettings, Preset
from benchmark.records.judge_card import read_card

# Everything that changes predictions is imported from here; the rest decides what is run and shown.
BENCHMARK = Path(__file__).parents[1]
ENGINE = BENCHMARK / "running" / "predictions.py"
RUNNER = BENCHMARK / "running" / "runner.py"
JUDGING = BENCHMARK / "generation" / "judging" / "track.py"


def code_identity(found: Found) -> str:
    """Hash the code of a task or method: its whole folder, if it has one, and what it imports."""
    return folder_digest(found.path) if found.folder else code_digest(found.path)


def engine_identity(*, judges: bool, official: Path | None = None) -> dict[str, str]:
    """Hash the code that runs a method; judges: also the code that measures its generator.

    official: the folder of the task's official judge, whose networks measure it; None: there is
    none. Of the runner only its own file counts: what it imports to write and score comes after the
    predictions, and a change there needs no new run.
    """
    engine = {"predictions": code_digest(ENGINE), "runner": file_digest(RUNNER)}
    if not judges:
        return engine
    networks = {} if official is None else {"official judge": read_card(official).digest}
    return {**engine, "judge": code_digest(JUDGING), **networks}


def source_identity(facts: CohortFacts, folder: Path | None) -> dict[str, str]:
    """Name the cohort without naming where it lies: paths do not change numbers.

    Its name is for reading only and is left out of the hashes.
    """
    named = {"kind": facts.kind, "name": facts.name}
    return named if folder is None else {**named, "content": content_digest(folder)}


def generator_identity(preset: Preset, method: str) -> dict[str, Any]:
    """Return the generator's settings, a checkpoint by its content and not by where it lies."""
    if preset.generator is None:
        raise ValueError(
            f"{method} needs a generator's settings, and the preset {preset.name} has no section "
            "[generator]. `equipoise describe quick` shows one."
        )
    settings = dataclasses.asdict(preset.generator)
    if isinstance(preset.generator, CheckpointSettings):
        if not preset.can_generate:
            raise ValueError(
                f"{method} needs the generator of preset {preset.name}, which starts from a "
                "checkpoint of the Stable Diffusion family: give --checkpoint with a folder or a "
                "hub id."
            )
        folder = Path(preset.generator.checkpoint)
        check_checkpoint(folder, preset.generator.size)
        settings["checkpoint"] = f"sha256 {checkpoint_digest(folder)}"
    return settings
