"""The engine of Equipoise. It knows no task and no method by name."""

from benchmark.contracts import (
    Attribute,
    Generator,
    Method,
    Predictor,
    Score,
    Source,
    Split,
    Splits,
    Task,
    TaskCard,
    Variant,
    choice,
    ranged,
)
from benchmark.registry import method, task

__all__ = [
    "Attribute",
    "Generator",
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
