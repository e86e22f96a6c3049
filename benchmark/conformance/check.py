"""Does a method keep the contract? Tried on toy tasks, on CPU, in less than a minute."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmark.api.declarations import declaration_of
from benchmark.api.protocols import Method
from benchmark.conformance.finding import Finding
from benchmark.conformance.generator_trials import Aims, aims
from benchmark.conformance.method_trials import try_method
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_method
from benchmark.generation.mix_targets import table_problems
from benchmark.planning.fields import refused_patients, with_fields

HOLDS_ONE = "the file holds one method"


def check_method(
    name: str, fields: dict[str, Any] | None = None, say: Callable[[str], None] = lambda line: None
) -> Iterator[Finding]:
    """Try a method, by name or path, on toy tasks and yield what was found, as it is found."""
    try:
        found = locate(name, "method")
        cls = load_method(found)
    except (LookupError, TypeError) as error:
        advice = str(error).replace("give --method ", "give ")  # a check takes the path alone
        yield Finding(HOLDS_ONE, advice + _neighbour(Path(name)))
        return
    yield Finding(HOLDS_ONE)
    if refused := refused_patients(found, declaration_of(cls)):
        yield Finding("it makes no new patients", refused)
        return
    try:
        method, note = _for_toys(with_fields(cls, fields or {}))
    except ValueError as error:
        yield Finding("its fields can be set as asked", str(error))
        return
    if note:
        yield Finding(note)
    told: set[str] = set()
    for finding in try_method(method, name, say):
        again = finding.advice in told
        yield dataclasses.replace(finding, advice="the same as above") if again else finding
        told |= {finding.advice} - {""}


def _neighbour(path: Path) -> str:
    """Propose a file beside a path at which there is none; empty where none has a like name."""
    if path.exists() or path.suffix != ".py":
        return ""
    files = [one.name for one in path.parent.glob("*.py")]
    near = difflib.get_close_matches(path.name, files, n=1)
    return f" Did you mean {path.with_name(near[0])}?" if near else ""


def _for_toys(method: Method) -> tuple[Method, str]:
    """Let a method that aims at groups of real tasks aim at those of toy patients, and say so.

    Raises ValueError for a table of shares that no task could take.
    """
    if not (isinstance(method, Aims) and aims(method)):
        return method, ""
    problems = table_problems(method.target) if ":" in method.target else []
    if problems:
        raise ValueError(f"The target {method.target!r} cannot be used: {'; '.join(problems)}.")
    if (method.aligns, method.target) == ("", "uniform") or not dataclasses.is_dataclass(method):
        return method, ""
    toys = dataclasses.replace(method, aligns="", target="uniform")
    return toys, "toy patients have a site and no sex: tried with aligns empty and target uniform"
