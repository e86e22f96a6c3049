"""A method's hyperparameters: set from a command, checked against what the method declared."""

from __future__ import annotations

import dataclasses
import difflib
import math
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api.card import TaskCard
from benchmark.api.declarations import Declaration
from benchmark.api.protocols import ChecksCard, Method, Task
from benchmark.discovery.find import Found, locate
from benchmark.discovery.load import load_method, load_task
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import CheckpointSettings, ScratchSettings

# Settings that people look for among a method's fields.
OF_PRESETS = {
    f.name for kind in (ScratchSettings, CheckpointSettings) for f in dataclasses.fields(kind)
}


class CheckFailed(RuntimeError):
    """A method's check(card) has a mistake; what it refuses in earnest is a ValueError."""


def build_task(spec: RunSpec) -> Task:
    """Import and make the task."""
    return load_task(locate(spec.task, "task"))


def build_method(spec: RunSpec) -> Method:
    """Import the method and set its fields; unknown fields and wrong types are refused."""
    return with_fields(load_method(locate(spec.method, "method")), spec.fields)


def with_fields(cls: type[Method], fields: Mapping[str, Any]) -> Method:
    """Make a method with these fields set. Raises ValueError with all that is wrong with them."""
    declared = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    known = dataclasses.asdict(cls())  # type: ignore[call-overload]
    problems, values = [], {}
    for name, value in fields.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            if name in OF_PRESETS:
                hint = " It is a setting of a preset's section [generator]: see --preset."
            names = ", ".join(known) or "none"
            problems.append(f"{cls.__name__} has no field {name!r}.{hint} Fields: {names}.")
        elif not _fits(value, known[name]):
            kind = type(known[name]).__name__
            problems.append(f"{cls.__name__}.{name} is {value!r}; it must be of type {kind}.")
        elif not _allowed(value, declared[name]):
            words = allowed_words(declared[name])
            problems.append(f"{cls.__name__}.{name} is {value!r}; allowed: {words}.")
        else:
            values[name] = float(value) if isinstance(known[name], float) else value
    if problems:
        raise ValueError(" ".join(problems))
    return cls(**values)


def _allowed(value: Any, declared: dataclasses.Field[Any]) -> bool:
    if "options" in declared.metadata:
        return value in declared.metadata["options"]
    if isinstance(value, float) and not math.isfinite(value):
        return False
    low, high = declared.metadata.get("range", (None, None))
    return low is None or bool(low <= value <= high)


def allowed_words(declared: dataclasses.Field[Any]) -> str:
    """Say what a hyperparameter may be; empty where nothing was declared."""
    if "options" in declared.metadata:
        return ", ".join(declared.metadata["options"])
    if "range" in declared.metadata:
        low, high = declared.metadata["range"]
        return f"{low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
    return "a finite number" if isinstance(declared.default, float) else ""


def _fits(value: Any, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def check_fields(method: Method, card: TaskCard) -> None:
    """Let a method say what only the card can tell, e.g. that a column is missing: ValueError.

    Raises CheckFailed, with the place, for whatever else it raises.
    """
    if not isinstance(method, ChecksCard):
        return
    try:
        method.check(card)
    except ValueError:
        raise
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise CheckFailed(
            f"{type(method).__name__}: its check(card) failed: {type(error).__name__}: {error} "
            f"({Path(place.filename).name}, line {place.lineno})."
        ) from error


def refused_patients(found: Found, declared: Declaration) -> str:
    """Say why a method may not make new patients; empty if it does not, or is a control."""
    if declared.extra_data != "digital_cohort" or found.kind == "control":
        return ""
    return (
        f'{found.name} declares extra_data="digital_cohort": it would make new patients. No '
        "hospital can order patients, so such a row shows what is possible and cannot be compared "
        "with methods that learn from the given ones. Only controls may: move the file to "
        'baselines/controls/, or leave extra_data="digital_cohort" out.'
    )
