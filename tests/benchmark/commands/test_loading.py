"""Light commands import nothing slow; others say what they wait for."""

import importlib
import subprocess
import sys

import pytest

from benchmark.commands import loading

SLOW = ("pandas", "numpy", "torch", "timm", "scipy", "sklearn", "diffusers", "transformers")


def loaded_by(*arguments):
    """Call the command line in a new process; return its words and the slow modules it has."""
    code = (
        "import sys\nfrom benchmark.commands.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    *words, modules = done.stdout.splitlines()
    return "\n".join(words) + done.stderr, modules


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--version"], "equipoise "),
        (["run", "--help"], "--seeds"),
        (["check", "no_such.py"], "There is no method file"),
    ],
)
def test_a_light_command_imports_nothing_slow(arguments, words):
    printed, modules = loaded_by(*arguments)
    assert words in printed
    assert modules == "[]"


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """A module that takes longer to import than anybody waits in silence."""
    (tmp_path / "molasses.py").write_text("import time\ntime.sleep(0.3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(loading, "Loading", lambda: Loading({"molasses": 0}, patience=0.05))
    yield "molasses"
    sys.modules.pop("molasses", None)


Loading = loading.Loading


def test_what_takes_long_to_import_is_said_once(slow_module, capsys):
    with loading.loading_is_said():
        importlib.import_module(slow_module)
        sys.modules.pop(slow_module)
        importlib.import_module(slow_module)
    assert capsys.readouterr().err == "Loading molasses ...\n"
    assert not [one for one in sys.meta_path if isinstance(one, Loading)]


def test_what_is_imported_in_a_moment_is_not_said(slow_module, tmp_path, capsys):
    (tmp_path / "molasses.py").write_text("")
    importlib.invalidate_caches()
    with loading.loading_is_said():
        importlib.import_module(slow_module)
        __import__("time").sleep(0.1)  # at other work
    assert capsys.readouterr().err == ""
