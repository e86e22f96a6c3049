"""The engine of Equipoise. It knows no task and no method by name.

What a task or method needs is imported from here, and loaded only when it is asked for: the command
line says `--help` before pandas is there.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.api.card import Attribute, TaskCard
    from benchmark.api.cohort import CohortFacts
    from benchmark.api.data import Source, Split, Splits
    from benchmark.api.declarations import choice, method, ranged, task
    from benchmark.api.protocols import Generator, Method, Predictor, Task
    from benchmark.api.scores import Score
    from benchmark.api.variant import Knob, Knobs, Variant

__all__ = [
    "Attribute",
    "CohortFacts",
    "Generator",
    "Knob",
    "Knobs",
    "Method",
    "Predictor",
    "Score",
    "Source",
    "Split",
    "Splits",
    "Task",
    "TaskCard",
    "Variant",
    "choice",
    "method",
    "ranged",
    "task",
]

_HOMES = {
    "card": ("Attribute", "TaskCard"),
    "cohort": ("CohortFacts",),
    "data": ("Source", "Split", "Splits"),
    "declarations": ("choice", "method", "ranged", "task"),
    "protocols": ("Generator", "Method", "Predictor", "Task"),
    "scores": ("Score",),
    "variant": ("Knob", "Knobs", "Variant"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            value: object = vars(import_module(f"benchmark.api.{module}"))[name]
            globals()[name] = value
            return value
    raise AttributeError(f"module 'benchmark' has no attribute {name!r}")
