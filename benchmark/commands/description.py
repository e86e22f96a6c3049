"""All about one task, method or preset, for `equipoise describe`."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmark.api.card import TaskCard
from benchmark.api.declarations import declaration_of
from benchmark.api.mix_target import values_of
from benchmark.api.protocols import Task
from benchmark.discovery import find, load
from benchmark.planning.fields import allowed_words
from benchmark.presets.load import load_preset, preset_names, preset_text


def print_description(name: str, out: Console) -> None:
    """Print what there is to know about a name; LookupFailed lists all names if it is unknown."""
    if name in preset_names() or name.endswith(".toml"):
        load_preset(name)  # one that cannot be used is refused, not shown
        out.print(preset_text(name), markup=False, soft_wrap=True, end="")
    elif name in find.find_tasks():
        _task(load.load_task(find.find_tasks()[name]), out)
    elif name in find.find_methods() or name.endswith(".py") or "/" in name:
        _method(find.locate(name, "method"), out)
    else:
        known = {"presets": preset_names(), "tasks": sorted(find.find_tasks())}
        known["methods"] = sorted(find.find_methods())
        near = difflib.get_close_matches(name, list(itertools.chain(*known.values())), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        lists = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in known.items())
        raise find.LookupFailed(f"Unknown name {name!r}.{hint} Known {lists}.")


def _task(task: Task, out: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    for title, lines in [*_card(task.card), *_digital_cohort(task)]:
        if any(lines):
            table.add_row(title, "\n".join(filter(None, lines)))
    out.print(table)


def _card(card: TaskCard) -> list[tuple[str, list[str]]]:
    """List the facts that hold for any images of a task."""
    field = "not known" if card.field_of_view_mm is None else f"{card.field_of_view_mm:g} mm"
    return [
        ("task", [f"{card.name}, version {card.version}: {card.title}"]),
        ("question", [card.question, card.citation]),
        ("classes", [", ".join(card.classes)]),
        ("attributes", [f"{a.name}: {', '.join(a.values)}" for a in card.attributes]),
        ("intersections", [" x ".join(names) for names in card.intersections]),
        ("population", [_shares(card, name, shares) for name, shares in card.population]),
        ("channels", [", ".join(card.channels)]),
        ("mask labels", [", ".join(f"{i} {m}" for i, m in enumerate(card.mask_labels, 1))]),
        ("field of view", [field]),
        ("main metric", [card.main_metric]),
        ("notes", [card.notes]),
    ]


def _digital_cohort(task: Task) -> list[tuple[str, list[str]]]:
    """List the facts of the task's digital cohort, and the knobs that set its bias."""
    facts = task.digital
    if facts is None:
        return [("digital cohort", ["none: give a folder of your own patients with --cohort"])]
    knobs = [
        f"--knob {knob.name}={knob.default:g}  ({knob.range})  {knob.help}"
        for knob in task.knobs.declared
    ]
    return [
        ("digital cohort", [facts.name]),
        ("how far to trust it", [facts.caveats]),
        ("licence", [facts.licence]),
        ("citation", [facts.citation]),
        ("knobs", knobs or ["none"]),
    ]


def _shares(card: TaskCard, column: str, shares: Sequence[float]) -> str:
    pairs = zip(values_of(card, column), shares, strict=False)  # a card may be wrong here
    return f"{column}: " + ", ".join(f"{value} {share:.3g}" for value, share in pairs)


def _method(found: find.Found, out: Console) -> None:
    cls: Any = load.load_method(found)
    module, declared = inspect.getmodule(cls), declaration_of(cls)
    lines = [
        f"{found.name} ({found.kind}, {found.path})",
        f"\n{inspect.cleandoc(module.__doc__ or '') if module else ''}\n",
        f"groups used: {declared.groups_used}",
    ]
    if found.kind != "control":
        rivals = [name for name in declared.compare_with if name != found.name]
        lines.append(f"must beat: {', '.join(rivals) or 'nobody'}")
    if declared.trains_generator:
        lines.append("needs the preset's [generator], and its --checkpoint if that starts from one")
    if not declared.by_default:
        lines.append("runs only if it is named with --method")
    meanings = field_comments(inspect.getsource(cls))
    defaults = dataclasses.asdict(cls())
    for field in dataclasses.fields(cls):
        default = defaults[field.name]
        written = json.dumps(default) if isinstance(default, bool) else repr(default)  # as in TOML
        words = f"--set {found.name}.{field.name}={written}"
        allowed = allowed_words(field)
        lines.append(f"{words}   ({allowed})" if allowed else words)
        if meanings.get(field.name):
            lines.append(f"      {meanings[field.name]}")
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def field_comments(source: str) -> dict[str, str]:
    """Return the comment behind every field of a class, or above it, by the field's name."""
    found, above = {}, ""
    for line in source.splitlines():
        field = re.match(r"    (\w+)\s*:[^#]*(?:#\s*(.*))?$", line)
        comment = re.match(r"    #\s*(.*)$", line)
        if field and "ClassVar" not in line:
            found[field[1]] = field[2] or above
        above = f"{above} {comment[1]}".strip() if comment else ""
    return found
