"""What names a run: a hash of everything that changes its numbers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from benchmark.api.cohort import CohortFacts
from benchmark.cohorts.identity import content_digest
from benchmark.discovery.code_digest import code_digest
from benchmark.discovery.find import Found
from benchmark.generation.checkpoints import check_checkpoint, checkpoint_digest
from benchmark.presets.settings import CheckpointSettings, Preset

# Everything that changes predictions is imported from here; the rest decides what is run and shown.
ENGINE = Path(__file__).parents[1] / "running" / "predictions.py"


def code_identity(found: Found) -> str:
    """Hash the code of a task or method, with everything of ours that it imports."""
    return code_digest(found.path)


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
