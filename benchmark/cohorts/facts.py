"""Which facts hold for the cohort of a run: its task's digital cohort, or a folder of patients."""

from __future__ import annotations

from pathlib import Path

from benchmark.api.cohort import CohortFacts
from benchmark.api.protocols import Task


def cohort_facts(task: Task, folder: Path | None) -> CohortFacts:
    """Return the facts of the folder's cohort, or (None) of the task's digital cohort.

    Raises ValueError if there is no folder and the task has no digital cohort.
    """
    if folder is not None:
        return own_patients(folder)
    if task.digital is None:
        name = task.card.name
        raise ValueError(
            f"{name} has no digital cohort. Name a folder of your own patients: "
            f"--task {name} --cohort FOLDER."
        )
    return task.digital


def own_patients(folder: Path) -> CohortFacts:
    """Return what holds for any folder of patients; Equipoise knows no more about it."""
    name = folder.resolve().name
    return CohortFacts(
        kind="table",
        name=name,
        licence=f"Patients of the folder {name}; licence and ethics are its owner's.",
        citation="",
        caveats=(
            "Equipoise knows of these patients what their table says. It does not know how they "
            "were chosen, how their labels were made, or whether their attributes were recorded "
            "alike. Ask the owner before you carry a result over to other patients."
        ),
    )
