"""Finds tasks and methods by name: in our folders, through entry points, at a path.

A method is NAME.py, or NAME/method.py, in baselines/, baselines/controls/ or methods/; a task is
tasks/NAME/task.py. Listing names imports nothing."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

from benchmark.support.memory import remembered

Kind = Literal["method", "baseline", "control"]

METHOD_PACKAGES: tuple[tuple[str, Kind], ...] = (
    ("baselines", "baseline"),
    ("baselines.controls", "control"),
    ("methods", "method"),
)

ENTRY_POINTS = {"method": "equipoise.methods", "task": "equipoise.tasks"}


class LookupFailed(LookupError):
    """A name that cannot be used: unknown, ambiguous, or its module does not import."""


@dataclass(frozen=True)
class Found:
    """Where a task or method lives. Nothing of it has been imported yet."""

    name: str
    kind: str  # method, baseline, control or task
    path: Path  # the file, or the file an entry point names
    origin: str  # folder, entry point or path
    module: str | None  # to import by name; None: load the file at path
    attribute: str | None = None  # the class, where an entry point names one
    folder: bool = False  # True: the whole folder of path belongs to it


# Finding ---------------------------------------------------------------------------------------


@remembered
def find_methods() -> dict[str, Found]:
    """Find every method by name without importing one. Two files of one name are an error."""
    found: list[Found] = []
    for package, kind in METHOD_PACKAGES:
        for folder in folders_of(package):
            found += _methods_in(folder, package, kind)
    found += _from_entry_points("method")
    return _by_name(found)


def folders_of_methods() -> list[Path]:
    """Return the folders in which methods are found by name."""
    return [folder.resolve() for package, _ in METHOD_PACKAGES for folder in folders_of(package)]


@remembered
def find_tasks() -> dict[str, Found]:
    """Find every task by name without importing one."""
    found = [
        Found(
            path.parent.name, "task", path, "folder", f"tasks.{path.parent.name}.task", folder=True
        )
        for folder in folders_of("tasks")
        for path in sorted(folder.glob("*/task.py"))
    ]
    found += _from_entry_points("task")
    return _by_name(found)


def folders_of(package: str) -> list[Path]:
    """Return the folders of a package, without importing it; none if there is no such package."""
    spec = importlib.util.find_spec(package)
    return [Path(p) for p in (spec.submodule_search_locations or [])] if spec else []


def _methods_in(folder: Path, package: str, kind: Kind) -> Iterator[Found]:
    for path in sorted(folder.glob("*.py")):
        if not path.stem.startswith(("_", "test_")):
            yield Found(path.stem, kind, path, "folder", f"{package}.{path.stem}")
    for path in sorted(folder.glob("*/method.py")):
        name = path.parent.name
        yield Found(name, kind, path, "folder", f"{package}.{name}.method", folder=True)


def _from_entry_points(kind: str) -> list[Found]:
    points = entry_points(group=ENTRY_POINTS[kind])
    return [_from_entry_point(point, kind) for point in points]


def _from_entry_point(point: EntryPoint, kind: str) -> Found:
    """Locate an entry point's file; the module itself is imported only when it is asked for."""
    path = Path(f"<entry point {point.value}>")
    top = importlib.util.find_spec(point.module.partition(".")[0])
    if top and top.submodule_search_locations and "." in point.module:
        inside = point.module.split(".")[1:]
        path = Path(next(iter(top.submodule_search_locations)), *inside)
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    elif top and top.origin:
        path = Path(top.origin)
    return Found(point.name, kind, path, "entry point", point.module, point.attr or None)


def _by_name(found: list[Found]) -> dict[str, Found]:
    names: dict[str, Found] = {}
    for one in found:
        other = names.setdefault(one.name, one)
        if other is not one:
            raise LookupFailed(
                f"Two files are called {one.name!r}: {other.path} and {one.path}. Rename one."
            )
    return names


def locate(name: str, kind: Literal["method", "task"], given: Collection[str] = ()) -> Found:
    """Find a method or task by its name, or by the path of its file or folder.

    given: the names and paths beside it in the same command; one that is meant is pointed out.
    Raises LookupFailed with the nearest name, or with the path of a file that is called so.
    """
    names = find_methods() if kind == "method" else find_tasks()
    if _is_path(name):
        return _at_path(Path(name).resolve(), kind, names)
    if name in names:
        return names[name]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    if path := _path_called(name, kind, given):
        hint = f" A file is found only by its path: give --{kind} {path}."
    raise LookupFailed(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(sorted(names))}.")


def _path_called(name: str, kind: str, given: Collection[str]) -> str:
    """Return the path of a file of that name in the command, here or one folder down; or ""."""
    if not re.fullmatch(r"[\w-]+", name):
        return ""
    here = Path()
    files = [*here.glob(f"{name}.py"), *here.glob(f"*/{name}.py")]
    folders = [*here.glob(f"{name}/{kind}.py"), *here.glob(f"*/{name}/{kind}.py")]
    paths = [Path(one) for one in given if _is_path(one)]
    paths = [path for path in paths if path.stem == name or path.parent.name == name]
    paths += [*sorted(files), *sorted(file.parent for file in folders)]
    if not paths:
        return ""
    return str(paths[0]) if _is_path(str(paths[0])) else f"./{paths[0]}"


def _is_path(name: str) -> bool:
    return name.endswith(".py") or "/" in name


def _at_path(path: Path, kind: str, names: dict[str, Found]) -> Found:
    """Describe the file at path; in a folder it is method.py or task.py, as in our own folders."""
    if path.is_dir():
        path = path / f"{kind}.py"
    if not path.is_file():
        raise LookupFailed(f"There is no {kind} file at {path}.")
    if path.suffix != ".py":
        raise LookupFailed(
            f"{path} is no Python file: a {kind} is a file NAME.py, or a folder with {kind}.py."
        )
    folder = path.name == f"{kind}.py"
    name = path.parent.name if folder else path.stem
    known = names.get(name)
    if known and known.path == path:
        return known
    if known:
        raise LookupFailed(f"Two files are called {name!r}: {known.path} and {path}. Rename yours.")
    return Found(name, kind, path, "path", None, folder=folder)


# Describing without importing ------------------------------------------------------------------


def written_rivals(found: Found) -> tuple[str, ...] | None:
    """Return the compare_with that a method's mark spells out; None if it spells out none."""
    try:
        tree = ast.parse(found.path.read_text())
    except (OSError, SyntaxError, ValueError):  # summary says that it cannot be read
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "compare_with":
            try:
                return tuple(map(str, ast.literal_eval(node.value)))
            except (ValueError, TypeError):
                return None
    return None


def rivals_at_hand() -> dict[str, tuple[str, ...]]:
    """Return what the methods found here must beat, where their marks spell it out, by name."""
    named = {name: written_rivals(found) for name, found in find_methods().items()}
    return {name: rivals for name, rivals in named.items() if rivals}


def summary(found: Found) -> str:
    """Return the first sentence of the file's docstring, read without importing it."""
    try:
        words = ast.get_docstring(ast.parse(found.path.read_text())) or ""
    except (OSError, SyntaxError, ValueError) as error:  # ValueError: no text at all
        return f"(cannot be read: {error})"
    return " ".join(words.split("\n\n")[0].split())
