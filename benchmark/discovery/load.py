"""Imports the file of a task or method that was found, and returns its marked class."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any, cast

from benchmark.api.declarations import (
    ContractError,
    Declaration,
    declaration_of,
    is_method,
    is_task,
)
from benchmark.api.protocols import Method, Task
from benchmark.discovery.find import Found, LookupFailed

PLAIN = Declaration.compare_with  # what is beaten where nothing is declared

# Loading ---------------------------------------------------------------------------------------


def load_method(found: Found) -> type[Method]:
    """Import a method's file and return its class.

    A contestant that trains a generator must say which control it has to beat besides ERM.
    """
    loaded = cast(type[Method], _load(found, "method"))
    declared = declaration_of(loaded)
    if found.kind != "control" and declared.trains_generator and declared.compare_with == PLAIN:
        raise LookupFailed(
            f"{found.name} trains a generator and declares nothing to beat but erm. Name the "
            "control that has all of it but the idea: "
            '@method(..., trains_generator=True, compare_with=("erm", "duplicate_real")).'
        )
    return loaded


def load_task(found: Found) -> Task:
    """Import a task's file and return the task."""
    loaded = cast(Callable[[], Task], _load(found, "task"))()
    if loaded.card.name != found.name:
        raise LookupFailed(
            f"{found.path}: the card is called {loaded.card.name!r}; it must be called "
            f"{found.name!r}, as its folder is."
        )
    return loaded


def _load(found: Found, mark: str) -> type:
    try:
        module = importlib.import_module(found.module) if found.module else _import_file(found)
    except LookupFailed:
        raise
    except ContractError as error:
        raise LookupFailed(f"{found.path}: {error}") from error
    except (Exception, SystemExit) as error:
        raise LookupFailed(
            f"{found.name} ({found.path}) does not import: {type(error).__name__}: {error}"
        ) from error
    is_marked = is_method if mark == "method" else is_task
    if found.attribute:
        named = vars(module).get(found.attribute)
        if not is_marked(named):
            raise LookupFailed(
                f"{found.name}: {found.module}:{found.attribute} is no class marked @{mark}."
            )
        return cast(type, named)
    marked = [
        value
        for value in vars(module).values()
        if is_marked(value) and value.__module__ == module.__name__
    ]
    if len(marked) != 1:
        names = ", ".join(cls.__name__ for cls in marked) or "none"
        raise LookupFailed(
            f"{found.path} must hold exactly one class marked @{mark}; found {names}."
        )
    return marked[0]


def _import_file(found: Found) -> Any:
    """Import a file under a name of its own; a folder as a package, so that .parts is found."""
    place = hashlib.sha256(str(found.path).encode()).hexdigest()[:8]
    name = f"equipoise_{found.name}_{place}"
    inside = [str(found.path.parent)] if found.folder else None
    spec = importlib.util.spec_from_file_location(
        name, found.path, submodule_search_locations=inside
    )
    if spec is None or spec.loader is None:
        raise LookupFailed(f"{found.path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up here
    spec.loader.exec_module(module)
    return module
