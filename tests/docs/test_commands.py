"""Every command of the documentation would be accepted by the real command line."""

import dataclasses
import importlib.util
import re
import shlex

import click
import pytest
import typer

from benchmark.commands import reference
from benchmark.commands.app import app
from benchmark.discovery import find, load
from benchmark.planning.leaving_out import KINDS
from benchmark.presets.load import preset_names
from tests.docs.pages import PAGES, ROOT, code_blocks, name_of

GENERATED = ROOT / "docs" / "reference" / "command_line.md"
TO_BE_WRITTEN = {"my_method", "copies", "pushed"}  # by the reader, as the guides say


def lines_of(page):
    """Every line of a page's code blocks, continued lines joined, comments left out."""
    for block in (*code_blocks(page.read_text()), *indented_blocks(page.read_text())):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.sub(r"\s[#>].*", "", line).strip()


def indented_blocks(text):
    return re.findall(r"(?:^    \S.*\n)+", text, flags=re.M)


def in_lines(page):
    """Code within a line, without what stands for something else, as TASK does."""
    code = re.findall(r"`([^`\n]+)`", page.read_text())
    code = [words.partition(" > ")[0] for words in code]
    return [words for words in code if not re.search(r"\b[A-Z]{3,}\b", words)]


def written(program):
    found = {
        f"{name_of(page)}: {line}"[:100]: line
        for page in PAGES
        for line in (*lines_of(page), *in_lines(page))
        if line.startswith(f"{program} ")
    }
    return [pytest.param(line, id=name) for name, line in found.items()]


@pytest.mark.parametrize("line", written("equipoise"))
def test_a_command_is_accepted(line):
    command, arguments = typer.main.get_command(app), shlex.split(line)[1:]
    while isinstance(command, click.Group | typer.core.TyperGroup):
        command = command.commands[arguments.pop(0)]
    if not arguments:
        return  # the command is named, and it exists
    parsed = command.make_context(line, arguments).params
    tasks = parsed.get("task") or []
    for name in [tasks] if isinstance(tasks, str) else tasks:
        assert name in find.find_tasks()
    for name in parsed.get("method") or []:
        assert is_method(name)
    for word in parsed.get("without") or []:
        assert is_method(word) or word in KINDS
    if "preset" in parsed:
        assert parsed["preset"] in preset_names() or parsed["preset"].endswith(".toml")
    for knob in parsed.get("knob") or []:
        for name in [tasks] if isinstance(tasks, str) else tasks or find.find_tasks():
            knobs = load.load_task(find.find_tasks()[name]).knobs
            knob_name, _, value = knob.partition("=")
            assert not knobs.problems({knob_name: float(value)})
    for setting in parsed.get("fields") or parsed.get("settings") or []:
        assert is_field(setting)


def is_method(name):
    stem = name.removesuffix(".py")
    return stem in TO_BE_WRITTEN or name in find.find_methods()


def is_field(setting):
    name, _, field = setting.partition("=")[0].partition(".")
    if name in TO_BE_WRITTEN:
        return True
    method = load.load_method(find.find_methods()[name])
    return field in {one.name for one in dataclasses.fields(method)}


@pytest.mark.parametrize("line", written("python"))
def test_a_script_exists(line):
    first, second, *_ = [*shlex.split(line)[1:], ""]
    assert importlib.util.find_spec(second) if first == "-m" else (ROOT / first).is_file()


@pytest.mark.parametrize("line", written("make"))
def test_a_target_of_make_exists(line):
    target = shlex.split(line)[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.M)


def test_the_reference_of_the_command_line_is_what_the_code_says():
    advice = "run: python -m benchmark.commands.reference > docs/reference/command_line.md"
    assert GENERATED.read_text() == reference.reference(), advice
