"""From the words of a command to the runs that it asks for."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from benchmark.api.declarations import declaration_of
from benchmark.api.protocols import Method
from benchmark.discovery import find, load
from benchmark.planning.knobs import variants_of
from benchmark.planning.leaving_out import leave_out, unknown_words
from benchmark.planning.run_spec import RunSpec
from benchmark.planning.seeds import SeedChoice, refuse_mixed
from benchmark.presets.settings import Preset

Kind = Literal["method", "task"]


def expand(
    *,
    preset: Preset,
    tasks: Sequence[str] | None,
    methods: Sequence[str] | None,
    without: Sequence[str] = (),
    seeds: SeedChoice,
    settings: Sequence[str],
    knobs: Sequence[str] = (),
    data: Path | None,
    device: str,
    extractor: str | None = None,
) -> list[RunSpec]:
    """List every run of the matrix; None means all tasks, or all methods.

    Settings that are not a method's default are tried on development seeds, unless seeds are given.
    "All tasks" have a digital cohort. `rounds` puts the runs into the order in which they are done.
    """
    if data is not None and len(tasks or []) != 1:
        raise ValueError("--cohort holds the patients of one task; name it with --task.")
    named: list[tuple[Kind, str]] = [("method", name) for name in methods or []]
    _refuse_unknown([*named, *(("task", name) for name in tasks or [])], without)
    loaded = {name: load.load_task(find.locate(name, "task")) for name in tasks or digital_tasks()}
    settings_of_tasks = variants_of(loaded, knobs, data)  # a wrong knob is told before slow imports
    names = list(methods or default_methods(digital=data is None, generator=preset.can_generate))
    names = leave_out(names, without) if without else names
    fields = read_fields(settings, names)
    seeds_of = _seeds_of(names, seeds, preset, fields)
    return [
        RunSpec(
            task=task,
            method=name,
            variant=variant,
            seed=seed,
            preset=preset,
            fields=fields.get(find.locate(name, "method").name, {}),
            data=data,
            device=device,
            extractor=extractor,
        )
        for variants in settings_of_tasks
        for name in names
        for seed in seeds_of[name]
        for task, variant in variants.items()
    ]


def _seeds_of(
    names: Sequence[str], seeds: SeedChoice, preset: Preset, fields: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[int]]:
    """Return the seeds of every method; a plan that tries settings has development seeds."""
    classes = _load_methods(names)
    asked = [(name, fields.get(find.locate(name, "method").name, {})) for name in names]
    if seeds.given is None and tried_settings(asked):
        seeds = SeedChoice(development=True)
    found = {
        name: seeds.of(preset.run, trains_generator=declaration_of(cls).trains_generator)
        for name, cls in classes.items()
    }
    refuse_mixed(itertools.chain(*found.values()), f"The preset {preset.name}")
    return found


def _load_methods(names: Sequence[str]) -> dict[str, type[Method]]:
    """Import every method; LookupFailed tells of all that do not import."""
    classes, problems = {}, []
    for name in names:
        try:
            classes[name] = load.load_method(find.locate(name, "method"))
        except find.LookupFailed as error:
            problems.append(str(error))
    if problems:
        raise find.LookupFailed("\n".join(dict.fromkeys(problems)))
    return classes


def tried_settings(asked: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """List the settings that are not a method's default, as METHOD.FIELD=VALUE.

    asked: methods, each a name or path, with the fields that were set.
    """
    tried = []
    for name, fields in asked:
        found = find.locate(name, "method")
        defaults = dataclasses.asdict(load.load_method(found)())  # type: ignore[call-overload]
        tried += [
            f"{found.name}.{field}={value}"
            for field, value in fields.items()
            if field not in defaults or defaults[field] != value
        ]
    return list(dict.fromkeys(tried))


def _refuse_unknown(names: Sequence[tuple[Kind, str]], without: Sequence[str]) -> None:
    """Raise LookupFailed with every name that cannot be found."""
    problems = unknown_words(without, [given for _, given in names])
    for kind, name in names:
        try:
            find.locate(name, kind, [given for _, given in names])
        except find.LookupFailed as error:
            problems.append(str(error))
    if problems:
        raise find.LookupFailed("\n".join(problems))


def digital_tasks() -> list[str]:
    """Name every task that has a digital cohort."""
    found = sorted(find.find_tasks().items())
    return [name for name, one in found if load.load_task(one).digital is not None]


def default_methods(*, digital: bool, generator: bool) -> list[str]:
    """Name every method that can run: some need a digital cohort, some a preset's [generator].

    Methods declared with by_default=False run only if they are named.
    """
    names = []
    for name, found in sorted(find.find_methods().items()):
        declared = declaration_of(load.load_method(found))
        lacks_patients = not digital and declared.extra_data != "none"
        lacks_generator = not generator and declared.trains_generator
        if declared.by_default and not (lacks_patients or lacks_generator):
            names.append(name)
    return names


def need_generator(*, digital: bool) -> list[str]:
    """Name the methods that are left out where there is no generator."""
    left = set(default_methods(digital=digital, generator=False))
    return [name for name in default_methods(digital=digital, generator=True) if name not in left]


def read_fields(settings: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read METHOD.FIELD=VALUE; values are written as in TOML, bare words are strings."""
    known = {find.locate(name, "method").name for name in names}
    fields: dict[str, dict[str, Any]] = {}
    problems = []
    for setting in settings:
        target, equals, value = setting.partition("=")
        name, dot, field = target.partition(".")
        if not (equals and dot and name in known):
            near = difflib.get_close_matches(name, known, n=1) if dot else []
            hint = f" Did you mean {near[0]!r}?" if near else ""
            problems.append(
                f"--set {setting}: write METHOD.FIELD=VALUE with a method of this plan "
                f"({', '.join(sorted(known))}); of a file of your own it is the file's name.{hint}"
            )
            continue
        try:
            fields.setdefault(name, {})[field] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            fields.setdefault(name, {})[field] = value
    if problems:
        raise ValueError("\n".join(problems))
    return fields
