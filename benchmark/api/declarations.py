"""How a method or a task declares itself: marks, hyperparameters, what it sees."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    pass
import dataclasses
import inspect
from typing import TypeVar, get_args

from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts

GroupsUsed = Literal["never", "train", "test"]


def ranged(default: Any, low: float, high: float = math.inf) -> Any:
    """Declare a hyperparameter with the values it may have, low and high included.

    `--set` with any other value is refused before work; `equipoise describe` shows the range.
    """
    return field(default=default, metadata={"range": (low, high)})


def choice(default: str, *others: str) -> Any:
    """Declare a hyperparameter that is one of several words, the default first."""
    return field(default=default, metadata={"options": (default, *others)})


C = TypeVar("C", bound=type)

EXTRA_DATA = ("none", "digital_cohort")


def method(cls: C) -> C:
    """Mark a dataclass as a method and check its contract as its file is imported."""
    problems = []
    if not (dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        problems.append("it is no frozen dataclass; write @dataclass(frozen=True) below @method")
    else:
        problems += [
            f"its field {f.name} has no default"
            for f in dataclasses.fields(cls)
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        ]
    allowed = get_args(GroupsUsed)
    if getattr(cls, "groups_used", None) not in allowed:
        problems.append(
            f"groups_used is {getattr(cls, 'groups_used', None)!r}; allowed: {', '.join(allowed)}"
        )
    if getattr(cls, "extra_data", "none") not in EXTRA_DATA:
        problems.append(f"extra_data is {cls.extra_data!r}; allowed: {', '.join(EXTRA_DATA)}")  # type: ignore[attr-defined]
    fit = getattr(cls, "fit", None)
    if not callable(fit) or list(inspect.signature(fit).parameters) != [
        "self",
        "train",
        "val",
        "ctx",
    ]:
        problems.append("it needs fit(self, train, val, ctx)")
    if not (cls.__doc__ or "").strip() or (cls.__doc__ or "").startswith(f"{cls.__name__}("):
        problems.append("it has no docstring; its first sentence is shown on the page")
    _refuse(cls, "method", problems)
    cls._equipoise = "method"  # type: ignore[attr-defined]
    return cls


def task(cls: C) -> C:
    """Mark a class as a task and check its contract as its file is imported."""
    problems = []
    if not isinstance(getattr(cls, "card", None), TaskCard):
        problems.append("its class attribute card is no TaskCard")
    problems += [
        f"it has no method {name}"
        for name in ("load", "prompt")
        if not callable(getattr(cls, name, None))
    ]
    digital = getattr(cls, "digital", None)
    if digital is not None and not (isinstance(digital, CohortFacts) and digital.digital):
        problems.append('its class attribute digital is no CohortFacts of kind "digital"')
    _refuse(cls, "task", problems)
    cls.digital = digital  # type: ignore[attr-defined]
    cls._equipoise = "task"  # type: ignore[attr-defined]
    return cls


def _refuse(cls: type, kind: str, problems: list[str]) -> None:
    if problems:
        raise TypeError(f"{cls.__name__} is no {kind}: {'; '.join(problems)}.")
