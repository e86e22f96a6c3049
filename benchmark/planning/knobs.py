"""From `--knob NAME=VALUE` to the variants of every task."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.api.protocols import Task
from benchmark.api.variant import Variant

Settings = dict[str, float]


def read_knobs(words: Sequence[str]) -> list[Settings]:
    """Read NAME=VALUE; several values of one knob make several settings, the product over knobs.

    Raises ValueError with everything that is no setting.
    """
    values: dict[str, list[float]] = {}
    problems = []
    for word in words:
        name, _, text = word.partition("=")
        value = _number(text)
        if not name or value is None:
            problems.append(f"--knob {word}: write NAME=NUMBER, as in severity=0.5.")
        elif value not in values.setdefault(name, []):
            values[name].append(value)
    if problems:
        raise ValueError("\n".join(problems))
    return [dict(zip(values, each, strict=True)) for each in itertools.product(*values.values())]


def variants_of(
    tasks: Mapping[str, Task], words: Sequence[str], folder: Path | None = None
) -> list[dict[str, Variant]]:
    """Return the variant of every task, under the name it was given, once for each setting.

    Raises ValueError with every knob that a task does not declare and every value out of range,
    and for any knob on a folder of patients.
    """
    if folder is not None:
        _refuse_knobs(words, folder)
        return [dict.fromkeys(tasks, Variant())]
    wanted = read_knobs(words)
    problems = [
        f"{task.card.name}: {problem}{_whose(name, task, tasks)}"
        for task in tasks.values()
        for settings in wanted
        for name, problem in task.knobs.problems(settings).items()
    ]
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    return [{name: task.knobs.variant(**one) for name, task in tasks.items()} for one in wanted]


def _refuse_knobs(words: Sequence[str], folder: Path) -> None:
    if words:
        raise ValueError(
            f"--knob {' --knob '.join(words)}: knobs set the bias of digital cohorts. {folder} "
            "holds patients, and their bias is what it is. Leave --knob out."
        )


def _whose(name: str, task: Task, tasks: Mapping[str, Task]) -> str:
    """Name the tasks of the plan that have a knob which this one lacks."""
    having = [other for other, one in tasks.items() if name in one.knobs]
    if not having or name in task.knobs:
        return ""
    return f" Name the task that has it: {' '.join(f'--task {other}' for other in having)}."


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
