"""Hashes code by its meaning, over all that it imports, so that a change of it makes new runs.

Followed are imports of our own packages and of the package that a file belongs to. Other packages
are named by their versions, where those are recorded. Nothing is imported to find out; what a file
loads by a name that it computes cannot be seen, unless it lies in the folder of a task or method.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
from collections.abc import Container, Iterator
from functools import lru_cache
from pathlib import Path

from benchmark.discovery.find import folders_of
from benchmark.support.memory import remembered

OURS = ("benchmark", "tasks", "baselines", "methods", "leaderboard")
INSTALLED = ("site-packages", "dist-packages")  # where neighbours are other people's packages
WRITTEN = ("__pycache__", "runs", "ceiling", "judge")  # results, which change no prediction


@remembered
def code_digest(*files: Path) -> str:
    """Hash files and every module of ours, or of their own package, that they import: 16 digits.

    Comments, docstrings and layout do not count, and neither does where the files lie.
    """
    seen = hashlib.sha256()
    for name, path in sorted(import_graph(*files).items()):
        seen.update(name.encode() + _meaning(path, path.stat().st_mtime_ns).encode())
    return seen.hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Hash one Python file without what it imports; comments and docstrings do not count."""
    return hashlib.sha256(_meaning(path, path.stat().st_mtime_ns).encode()).hexdigest()[:16]


@remembered
def folder_digest(entry: Path) -> str:
    """Hash a file, what it imports, and every other file of its folder and below, by its bytes.

    Hidden files, caches of Python and folders called runs, ceiling or judge do not count.
    """
    folder = entry.resolve().parent
    seen = hashlib.sha256(code_digest(entry).encode())
    read = set(import_graph(entry).values())
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path in read or not path.is_file() or any(map(_is_no_code, parts)):
            continue
        seen.update("/".join(parts).encode() + _bytes_digest(path, path.stat().st_mtime_ns))
    return seen.hexdigest()[:16]


def _is_no_code(name: str) -> bool:
    return name.startswith(".") or name in WRITTEN


@remembered
def import_graph(*files: Path) -> dict[str, Path]:
    """Return the files that these import, directly or through others, and they themselves.

    They are named by their place in their own package, as in "benchmark/training/loop.py".
    """
    found: dict[str, Path] = {}
    unread = [path.resolve() for path in files]
    while unread:
        path = unread.pop()
        if path not in found.values():
            root = _root_of(path)
            found[_new_name(path.relative_to(root).as_posix(), found)] = path
            unread += [*_packages(path, root), *_imported(path, root)]
    return found


def _new_name(name: str, found: Container[str]) -> str:
    """Number a name that another file has: two folders without __init__.py may hold one each."""
    names = (f"{name}, {n}" if n > 1 else name for n in itertools.count(1))
    return next(one for one in names if one not in found)


def _root_of(path: Path) -> Path:
    """Return the folder from which the top of a file's package is imported."""
    folder = path.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _packages(path: Path, root: Path) -> Iterator[Path]:
    """Find the packages that a file lies in: importing the file runs them first."""
    for folder in itertools.takewhile(lambda parent: parent != root, path.parents):
        yield folder / "__init__.py"


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """Find the files of our packages, or of the file's own, that one file imports."""
    own = path.relative_to(root).parts[0].removesuffix(".py")
    for module, level in _names(path, path.stat().st_mtime_ns):
        parts = module.split(".") if module else []
        if level:
            yield from _files(path.parents[level - 1], parts)
        elif parts[0] in OURS:
            for folder in folders_of(parts[0]):
                yield from _files(folder.resolve().parent, parts)
        elif parts[0] == own:
            yield from _files(root, parts)
        elif path.parent == root and root.name not in INSTALLED:
            yield from _files(root, parts)  # the file lies in no package: its neighbours
            for package in (root, *root.parents):
                if package.name == parts[0]:  # a package without __init__.py
                    yield from _files(package.parent, parts)


def _files(folder: Path, parts: list[str]) -> Iterator[Path]:
    """Find the module of these parts below a folder, and the packages that importing it runs."""
    for part in parts:
        package = folder / part / "__init__.py"
        if part == "*":
            yield from sorted(folder.glob("*.py"))  # __all__ of a package may name any of them
        elif package.is_file():  # Python prefers it to a module of that name
            yield package
        elif (folder / f"{part}.py").is_file():
            yield folder / f"{part}.py"
            return  # what follows is a name inside the module
        folder = folder / part


@lru_cache(1024)
def _names(path: Path, changed: int) -> list[tuple[str, int]]:
    """List what a file imports: a dotted name, and how many folders up it begins (0: absolute)."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [(alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            names += [(f"{module}{alias.name}", node.level) for alias in node.names]
    return names


@lru_cache(1024)
def _bytes_digest(path: Path, changed: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@lru_cache(1024)
def _meaning(path: Path, changed: int) -> str:
    """Return a file's code without comments and docstrings."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and _is_docstring(node, body):
            body.pop(0)
    return ast.unparse(tree)


def _is_docstring(node: ast.AST, body: list[ast.stmt]) -> bool:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, owners) and ast.get_docstring(node, clean=False) is not None
