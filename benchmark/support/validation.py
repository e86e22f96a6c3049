"""From pydantic's errors to sentences, the same for files on disk and for presets."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a table of names and values",
    "model_type": "a table of names and values",
    "dataclass_type": "a table of names and values",
}
BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}
LIMITS = {
    "greater_than": "gt",
    "greater_than_equal": "ge",
    "less_than": "lt",
    "less_than_equal": "le",
}
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
LONGEST = 60  # letters of a value that are repeated


def problems_of(error: ValidationError) -> list[str]:
    """Say what is wrong, one sentence for each place: "run.steps is 'a'; it must be ..."."""
    return [_sentence(details) for details in error.errors(include_url=False)]


def near_words(name: str, known: Collection[str]) -> str:
    """Return "; did you mean NAME" for the nearest known name, or nothing if none is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}" if near else ""


def section_problems(section: str, values: Mapping[str, Any], kind: type) -> list[str]:
    """List what is wrong with the values of a preset's section, a dataclass of kind."""
    fields = dataclasses.fields(kind)
    names = [field.name for field in fields]
    needed = [field.name for field in fields if field.default is dataclasses.MISSING]
    problems = [f"[{section}] lacks {name}" for name in needed if name not in values]
    problems += [
        f"[{section}] has no {name!r}{near_words(name, names)} (it has {', '.join(names)})"
        for name in values
        if name not in names
    ]
    content = json.dumps({n: v for n, v in values.items() if n in names}, default=str)
    try:
        TypeAdapter(kind).validate_json(content, strict=True)
    except ValidationError as error:
        found = [e for e in error.errors(include_url=False) if not e["type"].startswith("missing")]
        problems += [f"[{section}] {_sentence(details)}" for details in found]
    return problems


def _sentence(details: ErrorDetails) -> str:
    place = ".".join(map(str, details["loc"])) or "the file"
    kind = details["type"]
    if kind in ("missing", "missing_argument"):
        return f"{place} is missing"
    if kind in UNKNOWN:
        return f"{place} is unknown"
    value = repr(details["input"])
    shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}..."
    if kind in BOUNDS:
        return f"{place} is {shown}; it must be {BOUNDS[kind]} {details['ctx'][LIMITS[kind]]:g}"
    wanted = EXPECTED.get(kind)
    if wanted is None:
        words = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return f"{place} is {shown}; it {words[:1].lower()}{words[1:]}"
    return f"{place} is {shown}; it must be {wanted}"
