"""The engine of Equipoise. It knows no task and no method by name."""

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
