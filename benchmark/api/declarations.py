"""How a method or a task declares itself: marks, hyperparameters, what it sees."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.protocols import Method
from benchmark.api.variant import Knobs

GroupsUsed = Literal["never", "train", "test"]
ExtraData = Literal["none", "digital_cohort"]

C = TypeVar("C", bound=type)

_DECLARATION = "__equipoise_declaration__"  # on a class marked with @method(...)
_TASK = "__equipoise_task__"  # on a class marked with @task


class ContractError(TypeError):
    """A marked class breaks the contract; the words say all that is to be mended."""


@dataclass(frozen=True)
class Declaration:
    """What a method says of itself in its mark; the runner hands over nothing else."""

    # "never": no attribute columns. "train": they are in the tables of train and val.
    # "test": predict_proba(images, attributes) is given them too.
    groups_used: GroupsUsed
    extra_data: ExtraData = "none"  # "digital_cohort": it may make new patients
    trains_generator: bool = False  # True: it is given the preset's [generator]
    by_default: bool = True  # False: it runs only where it is named
    compare_with: tuple[str, ...] = ("erm",)  # names of the rows that it must beat


DECLARATIONS = tuple(f.name for f in dataclasses.fields(Declaration))


def ranged(default: Any, low: float, high: float = math.inf) -> Any:
    """Declare a hyperparameter with the values it may have, low and high included.

    `--set` with any other value is refused before work; `equipoise describe` shows the range.
    Raises ContractError if the default is not among them.
    """
    if not low <= default <= high:
        raise ContractError(f"ranged({default}, {low}, {high}): the default must lie in the range.")
    return field(default=default, metadata={"range": (low, high)})


def choice(default: str, *others: str) -> Any:
    """Declare a hyperparameter that is one of several words, the default first."""
    return field(default=default, metadata={"options": (default, *others)})


# Methods ---------------------------------------------------------------------------------------


def method(
    cls: type | None = None,
    /,
    *,
    groups_used: GroupsUsed | None = None,
    extra_data: ExtraData = "none",
    trains_generator: bool = False,
    by_default: bool = True,
    compare_with: tuple[str, ...] = ("erm",),
    **unknown: Any,
) -> Callable[[C], C]:
    """Mark a frozen dataclass as a method: `@method(groups_used="train")`.

    The declarations are explained at :class:`Declaration`. Raises ContractError, as the file is
    imported, with all that is wrong with the class.
    """
    if cls is not None and not isinstance(cls, type):
        raise ContractError(f"@method({cls!r}): write @method(groups_used=...), with the name.")
    if cls is not None:
        raise ContractError(f"{cls.__name__}: write {_as_mark(cls)} instead of @method.")
    groups = "never" if groups_used is None else groups_used  # None is refused below
    declared = Declaration(groups, extra_data, trains_generator, by_default, compare_with)

    def mark(cls: C) -> C:
        problems = [*_unknown_declarations(unknown), *_class_problems(cls)]
        if groups_used is None:
            problems.append('it declares no groups; write @method(groups_used="never"), or "train"')
        problems += _unfit_values(declared)
        _refuse(cls, "method", problems)
        setattr(cls, _DECLARATION, declared)
        return cls

    return mark


def declaration_of(method: Method | type[Method]) -> Declaration:
    """Return what a method declared in its mark; TypeError if it has none of its own."""
    cls = method if isinstance(method, type) else type(method)
    declared = vars(cls).get(_DECLARATION)
    if not isinstance(declared, Declaration):
        raise TypeError(f"{cls.__name__} is no method: mark it with @method(groups_used=...).")
    return declared


def is_method(value: object) -> bool:
    """Say whether a value is a class marked with @method(...)."""
    return isinstance(value, type) and _DECLARATION in vars(value)


def _unknown_declarations(unknown: Mapping[str, Any]) -> list[str]:
    return [
        f"it declares {name!r}, which is unknown.{_hint(name, DECLARATIONS)} "
        f"Known: {', '.join(DECLARATIONS)}"
        for name in unknown
    ]


def _unfit_values(declared: Declaration) -> list[str]:
    allowed: dict[str, tuple[object, ...]] = {
        "groups_used": get_args(GroupsUsed),
        "extra_data": get_args(ExtraData),
        "trains_generator": (False, True),
        "by_default": (False, True),
    }
    values = {name: vars(declared)[name] for name in allowed}
    return [
        f"{name} is {value!r}; allowed: {', '.join(map(str, allowed[name]))}"
        for name, value in values.items()
        if not any(value is one or (value == one and isinstance(one, str)) for one in allowed[name])
    ] + _unfit_rivals(declared.compare_with)


def _unfit_rivals(names: object) -> list[str]:
    """Whether there are such rows is asked with the plan: the mark does not know other files."""
    words = names if isinstance(names, tuple) else ()
    fit = all(isinstance(one, str) and re.fullmatch(r"[\w-]+", one) for one in words)
    if words and fit and len(set(words)) == len(words):
        return []
    return [
        f"compare_with is {names!r}; name at least one row to beat, each once, in a tuple, as in "
        'compare_with=("erm", "duplicate_real")'
    ]


def _as_mark(cls: type) -> str:
    """Write the mark of a class that declares by class variables, or does not declare."""
    old = {near: value for _, near, value in _like_declarations(cls)} or {"groups_used": "never"}
    words = [f"{name}={_literal(value)}" for name, value in old.items()]
    return f"@method({', '.join(words)})"


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _class_problems(cls: type) -> list[str]:
    problems = []
    if not (dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        problems.append("it is no frozen dataclass; write @dataclass(frozen=True) below @method")
    else:
        problems += [
            f"its field {f.name} has no default"
            for f in dataclasses.fields(cls)
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        ]
    problems += _signature_problems(cls, {"fit": ["train", "val", "ctx"]}, {"check": ["card"]})
    if not (cls.__doc__ or "").strip() or (cls.__doc__ or "").startswith(f"{cls.__name__}("):
        problems.append("it has no docstring; its first sentence is shown on the page")
    return problems + _declared_in_the_body(cls)


def _declared_in_the_body(cls: type) -> list[str]:
    return [
        f"its class variable {name} does nothing; write @method({near}={_literal(value)})"
        for name, near, value in _like_declarations(cls)
    ]


def _like_declarations(cls: type) -> Iterator[tuple[str, str, Any]]:
    """Find class variables called like a declaration, or nearly: name, declaration, value."""
    for name, value in vars(cls).items():
        for near in difflib.get_close_matches(name, DECLARATIONS, n=1, cutoff=0.8):
            yield name, near, value


# Tasks -----------------------------------------------------------------------------------------


def task(cls: C) -> C:
    """Mark a class as a task and check its contract as its file is imported."""
    problems = []
    if not isinstance(_members(cls).get("card"), TaskCard):
        problems.append("its class attribute card is no TaskCard")
    digital = _members(cls).get("digital")
    if digital is not None and not (isinstance(digital, CohortFacts) and digital.digital):
        problems.append('its class attribute digital is no CohortFacts of kind "digital"')
    knobs = _members(cls).get("knobs", Knobs())
    if not isinstance(knobs, Knobs):
        problems.append("its class attribute knobs is no Knobs((Knob(...), ...))")
    elif knobs.declared and digital is None:
        problems.append("it declares knobs, which set the bias of a digital cohort, and no digital")
    needed = {"load": ["source", "variant", "seed"], "prompt": ["row"]}
    optional = {
        "new_patients": ["requests", "source", "seed"],
        "truth": ["source", "variant", "seed"],
    }
    _refuse(cls, "task", problems + _signature_problems(cls, needed, optional))
    cls.digital, cls.knobs = digital, knobs  # type: ignore[attr-defined]
    setattr(cls, _TASK, True)
    return cls


def is_task(value: object) -> bool:
    """Say whether a value is a class marked with @task."""
    return isinstance(value, type) and _TASK in vars(value)


# Shared ----------------------------------------------------------------------------------------


def _signature_problems(
    cls: type, needed: Mapping[str, list[str]], optional: Mapping[str, list[str]]
) -> list[str]:
    """Say which methods of a class are missing, misspelt, or take other arguments."""
    members = {name: value for name, value in _members(cls).items() if callable(value)}
    problems = []
    for name, arguments in {**needed, **optional}.items():
        words = f"{name}({', '.join(['self', *arguments])})"
        if name not in members:
            similar = difflib.get_close_matches(name, members, n=1, cutoff=0.8)
            if name in needed:
                problems.append(f"it needs {words}")
            elif similar:
                problems.append(f"its {similar[0]} is called by nobody; did you mean {words}?")
        elif list(inspect.signature(members[name]).parameters) != ["self", *arguments]:
            problems.append(f"it needs {words}")
    return problems


def _members(cls: type) -> dict[str, Any]:
    """Return what a class has, its own or inherited, by name."""
    return {name: value for base in reversed(cls.__mro__) for name, value in vars(base).items()}


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _refuse(cls: type, kind: str, problems: list[str]) -> None:
    if problems:
        raise ContractError(f"{cls.__name__} is no {kind}: {'; '.join(problems)}.")
