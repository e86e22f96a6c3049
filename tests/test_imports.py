"""Who may import what: no circles, rooms in their order, methods apart, a page without torch."""

import subprocess
import sys

import pytest

from docs.measurements import structure

ROOMS = (  # a room may import those before it
    "support",
    "presets",
    "api",
    "discovery",
    "metrics",
    "records",
    "cohorts",
    "training",
    "generation",
    "planning",
    "running",
    "conformance",
    "commands",
)
PAGE_MAY_USE = ("benchmark.api", "benchmark.metrics", "benchmark.records", "benchmark.support")
# The one door from the engine to the page: the command that builds it.
EXCEPTIONS = {("benchmark.commands.leaderboard", "leaderboard.build")}
GRAPH = structure.import_graph()
IMPORTS = sorted({(a, b) for a, used in GRAPH.items() for b in used} - EXCEPTIONS)


def among(importer, imported=""):
    """Imports from files below one name to files below another."""
    return [(a, b) for a, b in IMPORTS if _below(a, importer) and _below(b, imported)]


def _below(module, name):
    return not name or f"{module}.".startswith(f"{name}.")


def _room(module):
    parts = module.split(".")
    return ROOMS.index(parts[1] if len(parts) > 1 else "api")  # benchmark itself hands out the api


def test_no_files_import_each_other_in_a_circle():
    assert structure.circles(GRAPH) == []


def test_a_room_of_the_engine_imports_only_rooms_before_it():
    assert [(a, b) for a, b in among("benchmark", "benchmark") if _room(a) < _room(b)] == []


def test_every_room_of_the_engine_has_a_place_in_the_order():
    assert {name.split(".")[1] for name in GRAPH if name.startswith("benchmark.")} == set(ROOMS)


def test_the_engine_imports_no_task_no_method_and_no_page():
    assert [(a, b) for a, b in among("benchmark") if not _below(b, "benchmark")] == []


def test_tasks_import_the_engine_and_tasks():
    wrong = [(a, b) for a, b in among("tasks") if b.split(".")[0] not in ("benchmark", "tasks")]
    assert wrong == []


def test_a_method_imports_no_other_method_and_no_baseline():
    wrong = [
        (a, b)
        for a, b in among("methods")
        if not _below(b, "benchmark")
        and not _below(b, "methods.shared")
        and not _below(b, ".".join(a.split(".")[:2]))
    ]
    assert wrong == []


def test_no_method_imports_what_judges_it():
    judges = ("benchmark.generation.official", "benchmark.generation.judging")
    contestants = [*among("methods"), *among("baselines")]
    assert [(a, b) for a, b in contestants if any(_below(b, one) for one in judges)] == []


def test_a_baseline_imports_only_the_engine():
    wrong = [
        (a, b)
        for a, b in among("baselines")
        if not _below(a, "baselines.controls") and not _below(b, "benchmark")
    ]
    assert wrong == []


def test_a_control_imports_at_most_the_one_method_that_it_controls():
    for control in (name for name in GRAPH if _below(name, "baselines.controls")):
        beyond = {".".join(b.split(".")[:2]) for b in GRAPH[control] if not _below(b, "benchmark")}
        methods = beyond - {"methods.shared"}
        assert len(methods) <= 1, (control, methods)
        assert all(_below(name, "methods") for name in methods), (control, methods)


def test_the_page_imports_only_scores_metrics_and_records():
    beyond = [(a, b) for a, b in among("leaderboard") if not _below(b, "leaderboard")]
    assert [(a, b) for a, b in beyond if not b.startswith(PAGE_MAY_USE)] == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("benchmark", {"torch", "mlflow", "timm", "scipy"}),
        ("leaderboard.build", {"torch", "mlflow"}),
        ("benchmark.commands.app", {"torch", "mlflow", "timm", "nilearn"}),
        ("benchmark.running.driver", {"mlflow"}),
    ],
)
def test_importing_a_module_does_not_import_what_it_may_not_need(module, heavy):
    code = f"import sys, {module}; print(*sorted(set({sorted(heavy)!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# What finds the imports ------------------------------------------------------------------------


def test_a_circle_of_three_is_found_whole_and_its_neighbours_are_not():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}
    assert structure.circles(graph) == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import ours.other", {"ours.other"}),
        ("from ours import other", {"ours.other"}),
        ("from ours.other import name", {"ours.other"}),
        ("from .other import name", {"ours.other"}),
        ("from . import other", {"ours.other"}),
        ("if TYPE_CHECKING:\n    from ours.other import name", {"ours.other"}),
        ("def late():\n    import ours.other", {"ours.other"}),
        ("from ours import NAME", {"ours"}),
        ("import numpy", set()),
    ],
)
def test_every_way_to_import_is_seen(tmp_path, line, found):
    path = tmp_path / "this.py"
    path.write_text(line)
    known = dict.fromkeys(("ours", "ours.other", "ours.this"), path)
    assert structure.imports_of("ours.this", path, known) == found
