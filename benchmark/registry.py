"""Finds tasks and methods by name: in our folders, through entry points, at a path.

A method is NAME.py, or NAME/method.py, in baselines/, baselines/controls/ or methods/; a task is
tasks/NAME/task.py. Listing names imports nothing; loading a name imports that one file.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

from benchmark.contracts import GroupsUsed, Method, Task, TaskCard

Kind = Literal["method", "baseline", "control"]
C = TypeVar("C", bound=type)

METHOD_PACKAGES: tuple[tuple[str, Kind], ...] = (
    ("baselines", "baseline"),
    ("baselines.controls", "control"),
    ("methods", "method"),
)
ENTRY_POINTS = {"method": "equipoise.methods", "task": "equipoise.tasks"}
EXTRA_DATA = ("none", "digital_cohort")


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
    _refuse(cls, "task", problems)
    cls._equipoise = "task"  # type: ignore[attr-defined]
    return cls


def _refuse(cls: type, kind: str, problems: list[str]) -> None:
    if problems:
        raise TypeError(f"{cls.__name__} is no {kind}: {'; '.join(problems)}.")


# Finding ---------------------------------------------------------------------------------------


def find_methods() -> dict[str, Found]:
    """Find every method by name without importing one. Two files of one name are an error."""
    found: list[Found] = []
    for package, kind in METHOD_PACKAGES:
        for folder in _folders(package):
            found += _methods_in(folder, package, kind)
    found += _from_entry_points("method")
    return _by_name(found)


def folders_of_methods() -> list[Path]:
    """Return the folders in which methods are found by name."""
    return [folder.resolve() for package, _ in METHOD_PACKAGES for folder in _folders(package)]


def find_tasks() -> dict[str, Found]:
    """Find every task by name without importing one."""
    found = [
        Found(
            path.parent.name, "task", path, "folder", f"tasks.{path.parent.name}.task", folder=True
        )
        for folder in _folders("tasks")
        for path in sorted(folder.glob("*/task.py"))
    ]
    found += _from_entry_points("task")
    return _by_name(found)


def _folders(package: str) -> list[Path]:
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
        path = Path(next(iter(top.submodule_search_locations)), *inside).with_suffix(".py")
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


def locate(name: str, kind: Literal["method", "task"]) -> Found:
    """Find a method or task by its name, or by the path of its file or folder."""
    names = find_methods() if kind == "method" else find_tasks()
    if name.endswith(".py") or "/" in name:
        return _at_path(Path(name).resolve(), kind, names)
    if name in names:
        return names[name]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    if Path(f"{name}.py").is_file() or (Path(name) / f"{kind}.py").is_file():
        path = f"{name}.py" if Path(f"{name}.py").is_file() else f"./{name}"
        hint = f" There is {path} here: give its path, --{kind} {path}."
    raise LookupFailed(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(sorted(names))}.")


def _at_path(path: Path, kind: str, names: dict[str, Found]) -> Found:
    """Describe the file at path; in a folder it is method.py or task.py, as in our own folders."""
    if path.is_dir():
        path = path / f"{kind}.py"
    if not path.is_file():
        raise LookupFailed(f"There is no {kind} file at {path}.")
    folder = path.name == f"{kind}.py"
    name = path.parent.name if folder else path.stem
    known = names.get(name)
    if known and known.path == path:
        return known
    if known:
        raise LookupFailed(f"Two files are called {name!r}: {known.path} and {path}. Rename yours.")
    return Found(name, kind, path, "path", None, folder=folder)


# Loading ---------------------------------------------------------------------------------------


def load_method(found: Found) -> type[Method]:
    """Import a method's file and return its class."""
    return cast(type[Method], _load(found, "method"))


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
    except (Exception, SystemExit) as error:
        raise LookupFailed(
            f"{found.name} ({found.path}) does not import: {type(error).__name__}: {error}"
        ) from error
    if found.attribute:
        named = getattr(module, found.attribute, None)
        if getattr(named, "_equipoise", None) != mark:
            raise LookupFailed(
                f"{found.name}: {found.module}:{found.attribute} is no class marked @{mark}."
            )
        return cast(type, named)
    marked = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and getattr(value, "_equipoise", None) == mark
        and value.__module__ == module.__name__
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


# Describing without importing ------------------------------------------------------------------


def summary(found: Found) -> str:
    """Return the first sentence of the file's docstring, read without importing it."""
    try:
        words = ast.get_docstring(ast.parse(found.path.read_text())) or ""
    except (OSError, SyntaxError) as error:
        return f"(cannot be read: {error})"
    return " ".join(words.split("\n\n")[0].split())


def source_digest(found: Found) -> str:
    """Hash the code that makes up a method or task, so that a change of it makes new runs.

    Comments, docstrings and layout do not count. A single file counts alone; a folder whole.
    """
    files = sorted(found.path.parent.rglob("*.py")) if found.folder else [found.path]
    return code_digest(files)


def imported_folders(path: Path, package: str) -> list[Path]:
    """Return the folders below package that a file imports from, directly or through others.

    Nothing is imported to find out.
    """
    found: dict[str, Path] = {}
    unread = [path]
    while unread:
        for name in _imported_names(unread.pop(), package) - found.keys():
            for folder in _folders(package):
                if (folder / name).is_dir():
                    found[name] = folder / name
                    unread += sorted(found[name].glob("*.py"))
    return [found[name] for name in sorted(found)]


def _imported_names(path: Path, package: str) -> set[str]:
    return {
        str(node.module).split(".")[1]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}.")
    }


def code_digest(files: list[Path]) -> str:
    """Hash the meaning of Python files: their syntax trees without docstrings."""
    seen = hashlib.sha256()
    for path in files:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and _is_docstring(node, body):
                body.pop(0)
        seen.update(path.name.encode() + ast.unparse(tree).encode())
    return seen.hexdigest()[:16]


def _is_docstring(node: ast.AST, body: list[ast.stmt]) -> bool:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, owners) and ast.get_docstring(node, clean=False) is not None
