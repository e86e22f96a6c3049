"""Does a method keep the contract? Tried on toy tasks, on CPU, in less than a minute."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from benchmark.api.declarations import declaration_of
from benchmark.api.protocols import Method
from benchmark.conformance.finding import Finding
from benchmark.conformance.generator_trials import Aims, aims
from benchmark.conformance.method_trials import try_method
from benchmark.conformance.place import HOLDS_ONE, for_a_check, place_problem
from benchmark.discovery.code_digest import import_graph
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_method
from benchmark.generation.mix_targets import table_problems
from benchmark.planning.fields import refused_patients, with_fields

# What measures generators; no method may import it.
JUDGING = ("benchmark/generation/official/", "benchmark/generation/judging/")


def check_method(
    name: str, fields: dict[str, Any] | None = None, say: Callable[[str], None] = lambda line: None
) -> Iterator[Finding]:
    """Try a method, by name or path, on toy tasks and yield what was found, as it is found."""
    if problem := place_problem(name):
        yield Finding(HOLDS_ONE, problem)
        return
    found = locate(name, "method")
    try:
        cls = load_method(found)
    except (LookupError, TypeError) as error:
        yield Finding(HOLDS_ONE, for_a_check(error))
        return
    yield Finding(HOLDS_ONE)
    if refused := refused_patients(found, declaration_of(cls)):
        yield Finding("it makes no new patients", refused)
        return
    if judging := sorted(name for name in import_graph(found.path) if name.startswith(JUDGING)):
        yield Finding(
            "it does not see through the eyes that judge it",
            f"it imports {', '.join(judging[:3])}: what judges generators is nobody's tool. Read "
            "images with trained_reader(train, ctx, ..., ctx.generator.reader).",
        )
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
