"""Writes the reference of the command line from the commands themselves.

Run: python -m benchmark.commands.reference > docs/reference/command_line.md
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from benchmark.commands.app import app

TITLE = """# Command line

Written from the code by `python -m benchmark.commands.reference`; change the code, not this page.
`equipoise COMMAND --help` prints the same. Every option has a default unless it says *required*.
"""


def reference() -> str:
    """Return the page: every command with its help, arguments and options."""
    sections = [_section(words, command) for words, command in commands()]
    return "\n".join([TITLE, *sections])


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that call it, as in "equipoise cohort preview"."""
    yield from _below("equipoise", typer.main.get_command(app))


def _below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield words, command
        return
    for name in sorted(inside):
        yield from _below(f"{words} {name}", inside[name])


def _section(words: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    rest = [*(p.name.upper() for p in arguments), *(["[OPTIONS]"] if options else [])]
    usage = " ".join([words, *rest])
    lines = [f"## {words}", "", f"`{usage}`", "", inspect.cleandoc(command.help or ""), ""]
    if arguments or options:
        lines += ["| argument or option | meaning | default |", "|---|---|---|"]
        lines += [_row(f"`{p.name.upper()}`", p) for p in arguments]
        lines += [_row(_option(p), p) for p in options]
        lines.append("")
    return "\n".join(lines)


def _option(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    return ", ".join(f"`{name}`" for name in names)


def _row(name: str, parameter: Any) -> str:
    help_words = (parameter.help or "").replace("|", "\\|")
    default = parameter.default
    if parameter.required:
        shown = "*required*"
    elif default in (None, "", ()) or callable(default):
        shown = ""
    elif isinstance(default, bool):
        shown = "on" if default else "off"
    else:
        shown = f"`{default}`"
    return f"| {name} | {help_words} | {shown} |"


if __name__ == "__main__":
    print(reference(), end="")
