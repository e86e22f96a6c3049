"""A digest covers a file, all of ours that it imports, and all of its own package."""

from pathlib import Path

import pytest

from benchmark.discovery import code_digest as module
from benchmark.discovery.code_digest import code_digest, file_digest, folder_digest, import_graph
from benchmark.discovery.find import locate


def package(folder: Path, **files: str) -> Path:
    """Write a package called own and return its file main.py."""
    own = folder / "own"
    own.mkdir(parents=True)
    (own / "__init__.py").touch()
    for name, text in files.items():
        (own / f"{name}.py").write_text(text)
    return own / "main.py"


def test_comments_and_docstrings_do_not_change_the_digest_but_code_does(tmp_path):
    path = tmp_path / "some.py"
    digests = []
    for text in ("x = 1\n", '"""Words."""\n\nx = 1  # why\n', "x = 20\n"):
        path.write_text(text)
        digests.append(code_digest(path))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "line",
    ["from own.part import x", "from own import part", "import own.part", "from .part import x"],
)
def test_what_a_file_imports_from_its_own_package_counts(line, tmp_path):
    main = package(tmp_path, main=f"{line}\n", part="x = 1\n")
    before = code_digest(main)
    (main.parent / "part.py").write_text("x = 20\n")
    assert code_digest(main) != before


def test_what_it_imports_through_another_file_counts_and_what_it_does_not_import_does_not(tmp_path):
    main = package(tmp_path, main="from own import a\n", a="import own.b\n", b="", c="")
    names = set(import_graph(main))
    assert names == {"own/__init__.py", "own/main.py", "own/a.py", "own/b.py"}


def test_an_import_inside_a_function_counts(tmp_path):
    main = package(tmp_path, main="def f():\n    from own import part\n", part="")
    assert "own/part.py" in import_graph(main)


def test_the_packages_that_a_file_lies_in_count_without_being_imported(tmp_path):
    main = package(tmp_path, main="from . import x\n")
    (main.parent / "__init__.py").write_text("x = 1\n")
    before = code_digest(main)
    (main.parent / "__init__.py").write_text("x = 20\n")
    assert code_digest(main) != before


def test_a_package_is_preferred_to_a_module_of_its_name_as_python_prefers_it(tmp_path):
    main = package(tmp_path, main="from own.parts import x\n", parts="x = 1\n")
    (main.parent / "parts").mkdir()
    (main.parent / "parts" / "__init__.py").write_text("x = 2\n")
    names = set(import_graph(main))
    assert names == {"own/__init__.py", "own/main.py", "own/parts/__init__.py"}


@pytest.mark.parametrize("line", ["from .parts import *", "from own.parts import *"])
def test_everything_from_a_package_is_every_file_of_it(line, tmp_path):
    main = package(tmp_path, main=f"{line}\n")
    (main.parent / "parts").mkdir()
    (main.parent / "parts" / "__init__.py").write_text("__all__ = ['x']\n")
    (main.parent / "parts" / "x.py").touch()
    assert "own/parts/x.py" in import_graph(main)


@pytest.mark.parametrize("name", ["table.csv", "unseen.py", "deep/weights.bin"])
def test_every_file_of_a_folder_counts(name, tmp_path):
    path = package(tmp_path, main="").parent / name
    path.parent.mkdir(exist_ok=True)
    digests = []
    for text in ("1", "20"):
        path.write_text(text)
        digests.append(folder_digest(tmp_path / "own" / "main.py"))
    assert digests[0] != digests[1]


@pytest.mark.parametrize(
    "name", ["__pycache__/main.pyc", ".git/HEAD", "runs/done", "ceiling/64.npz", "judge/card.json"]
)
def test_what_changes_no_prediction_does_not_count(name, tmp_path):
    main = package(tmp_path, main="")
    before = folder_digest(main)
    (main.parent / name).parent.mkdir()
    (main.parent / name).write_text("1")
    assert folder_digest(main) == before


def test_one_files_digest_leaves_out_what_it_imports(tmp_path):
    main = package(tmp_path, main="from own import part\n", part="x = 1\n")
    before = file_digest(main)
    (main.parent / "part.py").write_text("x = 20\n")
    assert file_digest(main) == before
    main.write_text("from own import other\n")
    assert file_digest(main) != before


def test_two_files_that_import_each_other_end(tmp_path):
    main = package(tmp_path, main="from own import part\n", part="from own import main\n")
    assert len(import_graph(main)) == 3


def test_where_a_package_lies_does_not_count(tmp_path):
    here, there = (
        code_digest(package(tmp_path / place, main="from own import part\n", part="x = 1\n"))
        for place in ("here", "there")
    )
    assert here == there


def test_a_folder_that_is_given_by_its_path_counts_its_parts(tmp_path):
    (tmp_path / "method.py").write_text("from .parts import x\n")
    (tmp_path / "parts.py").write_text("x = 1\n")
    assert set(import_graph(tmp_path / "method.py")) == {"method.py", "parts.py"}


def test_a_method_counts_what_it_imports_from_the_folder_of_another_method(tmp_path):
    own = package(tmp_path).parent
    for name, text in {"first": "from own.second import parts\n", "second": ""}.items():
        folder = own / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "method.py").write_text(text)
    parts, first = own / "second" / "parts.py", own / "first" / "method.py"
    parts.write_text("x = 1\n")
    before = code_digest(first)
    parts.write_text("x = 20\n")
    assert code_digest(first) != before


@pytest.mark.parametrize("line", ["from lab.parts import x", "import lab.parts", "import parts"])
def test_a_package_without_an_init_file_counts_its_modules(line, tmp_path):
    (tmp_path / "lab" / "ours").mkdir(parents=True)
    (tmp_path / "lab" / "parts.py").write_text("x = 1\n")
    (tmp_path / "lab" / "method.py").write_text(f"{line}\n")
    assert set(import_graph(tmp_path / "lab" / "method.py")) == {"method.py", "parts.py"}


def test_two_files_of_one_name_both_count(tmp_path):
    (tmp_path / "lab" / "ours").mkdir(parents=True)
    (tmp_path / "lab" / "parts.py").write_text("x = 1\n")
    (tmp_path / "lab" / "ours" / "parts.py").write_text("x = 2\n")
    method = tmp_path / "lab" / "ours" / "method.py"
    method.write_text("from .parts import x\nfrom lab.parts import x as y\n")
    before = code_digest(method)
    assert len(import_graph(method)) == 3
    for place in ("parts.py", "ours/parts.py"):
        (tmp_path / "lab" / place).write_text(f"x = {place!r}\n")
        assert code_digest(method) != before
        before = code_digest(method)


def test_neighbours_among_installed_packages_do_not_count(tmp_path):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "another.py").touch()
    (folder / "method.py").write_text("import another\n")
    assert set(import_graph(folder / "method.py")) == {"method.py"}


def test_an_entry_point_counts_the_modules_of_its_package(tmp_path, monkeypatch):
    info, own = tmp_path / "lab-1.0.dist-info", tmp_path / "lab"
    for folder in (info, own / "ours"):
        folder.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[equipoise.methods]\nlabs = lab.ours:Labs\n")
    (own / "__init__.py").touch()
    (own / "ours" / "__init__.py").write_text("from lab import parts\n")
    (own / "parts.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    names = set(import_graph(locate("labs", "method").path))
    assert names == {"lab/__init__.py", "lab/ours/__init__.py", "lab/parts.py"}


@pytest.mark.parametrize("name", ["controlnet_synthesis", "alignment_finetuning"])
def test_a_change_in_what_methods_share_changes_every_method_that_imports_it(name, monkeypatch):
    path, real = locate(name, "method").path, module._meaning
    before = code_digest(path)
    shared = [part for part in import_graph(path).values() if part.parent.name == "shared"]
    assert len(shared) > 5
    for changed in shared:

        def meaning(file, when, changed=changed):
            return real(file, when) + "x" * (file == changed)

        monkeypatch.setattr(module, "_meaning", meaning)
        assert code_digest(path) != before


@pytest.mark.parametrize("name", ["controlnet_synthesis", "alignment_finetuning"])
def test_a_method_counts_the_shared_code_that_it_imports(name):
    graph = import_graph(locate(name, "method").path)
    assert {"methods/shared/classifier_side.py", "benchmark/training/classifier.py"} <= set(graph)


def test_a_control_counts_the_code_of_the_method_that_it_imports():
    graph = import_graph(locate("shuffled_groups", "method").path)
    assert "methods/controlnet_synthesis/method.py" in graph


def test_a_baseline_does_not_count_the_code_of_generators():
    graph = import_graph(locate("erm", "method").path)
    assert not any("generation" in name for name in graph)
