"""From what was asked for to everything that decides a run, before any work is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api.declarations import Declaration, declaration_of
from benchmark.api.protocols import DigitalTask, Method, Task, judge_of
from benchmark.cohorts.facts import cohort_facts
from benchmark.discovery.code_digest import code_digest
from benchmark.discovery.find import Found, locate, summary
from benchmark.planning.environment import environment
from benchmark.planning.fields import build_method, build_task, check_fields, refused_patients
from benchmark.planning.identity import (
    ENGINE,
    code_identity,
    engine_identity,
    generator_identity,
    source_identity,
)
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import CheckpointSettings
from benchmark.records.base import SCHEMA
from benchmark.records.config import (
    MethodPart,
    PresetPart,
    RunConfig,
    SourcePart,
    TaskPart,
    VariantPart,
)
from benchmark.support.cache import digest


def resolve(spec: RunSpec) -> RunConfig:
    """Decide everything about a run: the content of config.json.

    "row" identifies all that changes numbers but the seed; "run" is the readable folder name.
    Raises LookupFailed or ValueError if the task, the method or a field is not usable.
    """
    task_found, method_found = locate(spec.task, "task"), locate(spec.method, "method")
    task, method = build_task(spec), build_method(spec)
    _refuse_unusable(spec, task, method, method_found)
    facts, computed_with = cohort_facts(task, spec.data), environment(spec)
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "task": {
            "name": task_found.name,
            "version": task.card.version,
            "source": code_identity(task_found),
        },
        "card": dataclasses.asdict(task.card),
        "variant": {"name": spec.variant.name, "knobs": dict(spec.variant.settings)},
        "source": source_identity(facts, spec.data),
        "method": _method_values(method, method_found),
        "preset": _preset_values(spec, declaration_of(method), method_found.name),
        "extractor": _extractor(spec),
    }
    official = judge_of(task, spec.source)
    row = digest(_changes_numbers(whole, computed_with, official))
    return RunConfig(
        task=TaskPart(**whole["task"]),
        variant=VariantPart(**whole["variant"]),
        source=SourcePart(**whole["source"]),
        method=MethodPart(**whole["method"]),
        preset=_preset_part(spec, whole["preset"]),
        extractor=whole["extractor"],
        row=row,
        cohort=f"cohort-{digest(_changes_patients(whole, spec.seed))[:8]}",
        run=f"{method_found.name}/{spec.preset.name}-seed-{spec.seed}-{row[:8]}",
        seed=spec.seed,
        card=task.card,
        cohort_facts=facts,
        engine=code_digest(ENGINE),
        environment=computed_with,
    )


def _refuse_unusable(spec: RunSpec, task: Task, method: Method, found: Found) -> None:
    """Refuse a method that cannot run on this task or cohort, or whose fields do not fit it."""
    declared, digital = declaration_of(method), spec.data is None and isinstance(task, DigitalTask)
    if refused := refused_patients(found, declared):
        raise ValueError(refused)
    if declared.extra_data == "digital_cohort" and not digital:
        raise ValueError(
            f"{found.name} makes new patients, which only a digital cohort can: "
            f"leave it out of runs on {spec.data or task.card.name}."
        )
    check_fields(method, task.card)
    if declared.trains_generator:
        _check_prompt(task)


def _method_values(method: Method, found: Found) -> dict[str, Any]:
    """Return what is recorded of a method: its code, its fields and what it declares."""
    declared = declaration_of(method)
    return {
        "name": found.name,
        "kind": found.kind,
        "origin": found.origin,
        "source": code_identity(found),
        "fields": dataclasses.asdict(method),  # type: ignore[call-overload]
        "groups_used": declared.groups_used,
        "extra_data": declared.extra_data,
        "trains_generator": declared.trains_generator,
        "summary": summary(found),
        "compare_with": tuple(name for name in declared.compare_with if name != found.name),
    }


def _preset_values(spec: RunSpec, declared: Declaration, method: str) -> dict[str, Any]:
    """Return the preset; a checkpoint by its content, and not at all where nobody needs it."""
    preset = spec.preset.as_dict()
    if declared.trains_generator:
        preset["generator"] = generator_identity(spec.preset, method)
    elif isinstance(spec.preset.generator, CheckpointSettings):
        preset["generator"]["checkpoint"] = ""  # where it lies is nobody's business
    return preset


def _preset_part(spec: RunSpec, values: Mapping[str, Any]) -> PresetPart:
    preset = spec.preset
    return PresetPart(
        name=preset.name,
        description=preset.description,
        source=preset.source,
        classifier=preset.classifier,
        run=preset.run,
        generator=values["generator"],
    )


def _extractor(spec: RunSpec) -> str | None:
    """Name the features that generators are judged by; None: the judge's own."""
    if not spec.extractor:
        return None
    from benchmark.generation.judging.feature_extractor import extractor_name  # imports timm

    return extractor_name(spec.extractor)


def _changes_numbers(
    whole: Mapping[str, Any], computed_with: Mapping[str, Any], official: Path | None
) -> dict[str, Any]:
    """Pick everything that changes a run's numbers, but for the seed."""
    method, preset = whole["method"], whole["preset"]
    settings = ["source", "classifier", *(["generator"] if method["trains_generator"] else [])]
    return {
        **{name: whole[name] for name in ("schema", "task", "card", "variant", "extractor")},
        "source": _unnamed(whole["source"]),
        "method": {name: method[name] for name in ("name", "source", "fields")},
        "preset": {name: preset[name] for name in settings},
        "engine": engine_identity(judges=method["trains_generator"], official=official),
        "rounding": {name: computed_with[name] for name in ("device", "precision", "threads")},
    }


def _changes_patients(whole: Mapping[str, Any], seed: int) -> list[Any]:
    """Pick everything that changes who is in a cohort."""
    source, sizes = _unnamed(whole["source"]), whole["preset"]["source"]
    return [whole["task"], whole["variant"], source, sizes, seed]


def _unnamed(source: Mapping[str, str]) -> dict[str, str]:
    """Return what identifies a cohort: not what its folder is called."""
    return {key: fact for key, fact in source.items() if key != "name"}


def run_folder(runs: Path, config: RunConfig) -> Path:
    """Return where a run's folder belongs."""
    return cohort_folder(runs, config) / Path(config.run)


def cohort_folder(runs: Path, config: RunConfig) -> Path:
    """Return the folder of all runs on one cohort: task, then variant or data folder."""
    name = config.source.name
    table = config.source.kind == "table"
    return runs / config.task.name / (f"data-{name}" if table else config.variant.name)


def cohort_words(config: RunConfig) -> str:
    """Name a run's cohort for a person: the variant, or the folder of one's own patients."""
    return config.source.name if config.source.kind == "table" else config.variant.name


def _check_prompt(task: Task) -> None:
    """Refuse a task whose sentence needs words that a generator's request may leave out."""
    last = task.card.cells().iloc[-1]
    for words in ({}, *({name: last[name]} for name in last.index)):
        try:
            task.prompt(words)
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(
                f"{task.card.name}: prompt({words}) raised {type(error).__name__}: {error}. "
                "Generators also draw patients with only some words known: read a word with "
                "row.get(...) and leave out what the row does not hold."
            ) from error
