"""How large the code is, and which file imports which: sizes, circles, getattr, lists by hand.

    python docs/measurements/structure.py

Type-checking imports count as imports. tests/test_structure.py holds what is printed here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
PACKAGES = ("benchmark", "tasks", "baselines", "methods", "leaderboard")
LONGEST_FILE = 320  # lines
LONGEST_FUNCTION = 60  # lines, from "def" to the last line of the body


def source_files() -> dict[str, Path]:
    """Return every file of ours by the name of its module."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {module_name(path.relative_to(ROOT)): path for path in paths}


def module_name(path: Path) -> str:
    """Turn "benchmark/api/card.py" into "benchmark.api.card", and a package into its name."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports_of(module: str, path: Path, known: Mapping[str, Path]) -> set[str]:
    """Return the modules of ours that one file names in its imports, wherever they stand."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            inside = {f"{base}.{alias.name}" for alias in node.names}
            found |= (inside & known.keys()) or {base}
    return {name for name in found if name in known and name != module}


def import_graph() -> dict[str, set[str]]:
    """Return for every module of ours the modules of ours that it imports."""
    files = source_files()
    return {module: imports_of(module, path, files) for module, path in files.items()}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules of which each imports each other one, through others or not."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        unread = [*graph[start]]
        while unread:
            module = unread.pop()
            if module not in seen:
                seen.add(module)
                unread += graph[module]
        reached[start] = seen
    found = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return [list(circle) for circle in sorted(found)]


def file_lengths() -> dict[str, int]:
    """Count the lines of every file that has any."""
    lengths = {name: len(path.read_text().splitlines()) for name, path in source_files().items()}
    return {name: lines for name, lines in lengths.items() if lines}


def function_lengths() -> dict[str, int]:
    """Count the lines of every function, from "def" to the end of its body."""
    found = {}
    for module, path in source_files().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                found[f"{module}:{node.lineno} {node.name}"] = lines
    return found


def getattr_on_methods() -> list[str]:
    """Find calls of getattr that ask a method, or its class, for what it may not declare."""

    def asks_a_method(node: ast.AST) -> bool:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            return False
        if node.func.id not in ("getattr", "hasattr") or len(node.args) < 2:
            return False
        owner = ast.unparse(node.args[0])
        return isinstance(node.args[1], ast.Constant) and ("method" in owner or owner == "cls")

    return list(_places(asks_a_method))


def hand_kept_digests() -> list[str]:
    """Find lists of code files written by hand, which go out of date when a file is split."""

    def lists_files(node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            parts: Sequence[ast.expr] = node.args
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            parts = node.elts
        else:
            return False
        return sum("__file__" in ast.unparse(part) for part in parts) > 1

    return list(_places(lists_files))


def _places(wanted: Callable[[ast.AST], bool]) -> Iterator[str]:
    for path in source_files().values():
        for node in ast.walk(ast.parse(path.read_text())):
            if wanted(node):
                where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
                yield f"{where} {ast.unparse(node).splitlines()[0]}"


def _print_sizes(what: str, lengths: Mapping[str, int], longest: int) -> None:
    values = list(lengths.values())
    p90 = quantiles(values, n=10)[-1]
    print(f"{what}: {len(values)}, median {median(values):g}, p90 {p90:g}, max {max(values)} lines")
    for name, lines in sorted(lengths.items(), key=lambda item: -item[1]):
        if lines > longest:
            print(f"  over {longest}: {name} ({lines})")


def main() -> None:
    """Print all measurements."""
    _print_sizes("files", file_lengths(), LONGEST_FILE)
    _print_sizes("functions", function_lengths(), LONGEST_FUNCTION)
    for what, found in (
        ("circles of imports", [" - ".join(circle) for circle in circles(import_graph())]),
        ("getattr on methods", getattr_on_methods()),
        ("lists of code files kept by hand", hand_kept_digests()),
    ):
        print(f"{what}: {len(found)}")
        for place in found:
            print(f"  {place}")


if __name__ == "__main__":
    main()
