"""Who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"benchmark", "tasks", "baselines", "methods", "leaderboard", "tests"}
ALLOWED = {
    "benchmark": {"benchmark"},
    "tasks": {"benchmark", "tasks"},
    "baselines": {"benchmark", "baselines", "methods"},  # methods: for the controls of one
    "methods": {"benchmark", "methods"},
    "leaderboard": {"leaderboard", "benchmark"},
}
PAGE_MAY_USE = ("benchmark.records", "benchmark.metrics", "benchmark.api")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


FILES = [p for folder in ALLOWED for p in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_what_its_folder_may(path):
    folder = path.relative_to(ROOT).parts[0]
    used = {name.partition(".")[0] for name in imports(path)} & OURS
    assert used <= ALLOWED[folder]


@pytest.mark.parametrize("path", [p for p in FILES if "leaderboard" in p.parts], ids=str)
def test_the_page_uses_only_results_metrics_and_contracts(path):
    used = [name for name in imports(path) if name.partition(".")[0] == "benchmark"]
    assert all(name.startswith(PAGE_MAY_USE) for name in used), used


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("leaderboard.build", {"torch", "mlflow"}),
        ("benchmark.commands.app", {"torch", "mlflow", "timm", "nilearn"}),
        ("benchmark.running.driver", {"mlflow"}),
    ],
)
def test_importing_a_module_does_not_import_what_it_may_not_need(module, heavy):
    code = f"import sys, {module}; print(*sorted(set({sorted(heavy)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
