"""From what was asked for to everything that decides a run, before any work is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api.declarations import declaration_of
from benchmark.api.protocols import DigitalTask, Task
from benchmark.cohorts.facts import cohort_facts
from benchmark.discovery.code_digest import code_digest
from benchmark.discovery.find import locate, summary
from benchmark.planning.environment import environment
from benchmark.planning.fields import build_method, build_task, check_fields
from benchmark.planning.identity import ENGINE, code_identity, generator_identity, source_identity
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import CheckpointSettings
from benchmark.records.base import SCHEMA
from benchmark.support.cache import digest


def resolve(spec: RunSpec) -> dict[str, Any]:
    """Decide everything about a run: the content of config.json.

    "row" identifies all that changes numbers but the seed; "run" is the readable folder name.
    Raises LookupFailed or ValueError if the task, the method or a field is not usable.
    """
    task_found, method_found = locate(spec.task, "task"), locate(spec.method, "method")
    task, method = build_task(spec), build_method(spec)
    declared, digital = declaration_of(method), spec.data is None and isinstance(task, DigitalTask)
    if declared.extra_data == "digital_cohort" and not digital:
        raise ValueError(
            f"{method_found.name} makes new patients, which only a digital cohort can: "
            f"leave it out of runs on {spec.data or task.card.name}."
        )
    check_fields(method, task.card)
    preset, computed_with = spec.preset.as_dict(), environment(spec)
    settings = ["source", "classifier"]
    if declared.trains_generator:
        settings.append("generator")
        preset["generator"] = generator_identity(spec.preset, method_found.name)
        _check_prompt(task)
    elif isinstance(spec.preset.generator, CheckpointSettings):
        preset["generator"]["checkpoint"] = ""  # where it lies is nobody's business
    facts = cohort_facts(task, spec.data)
    source = source_identity(facts, spec.data)
    decided: dict[str, Any] = {
        "schema": SCHEMA,
        "task": {
            "name": task_found.name,
            "version": task.card.version,
            "source": code_identity(task_found),
        },
        "variant": {"name": spec.variant.name, "knobs": dict(spec.variant.settings)},
        "method": {
            "name": method_found.name,
            "source": code_identity(method_found),
            "fields": dataclasses.asdict(method),  # type: ignore[call-overload]
        },
        "preset": {name: preset[name] for name in settings},
        "source": {name: fact for name, fact in source.items() if name != "name"},
        "engine": code_digest(ENGINE),
        "rounding": {k: computed_with[k] for k in ("device", "precision", "threads")},
    }
    if spec.extractor:
        from benchmark.generation.judging.feature_extractor import extractor_name  # imports timm

        decided["extractor"] = extractor_name(spec.extractor)
    row = digest(decided)
    pictured = [decided[k] for k in ("task", "variant", "source")] + [preset["source"], spec.seed]
    return {
        **decided,
        "source": source,
        "row": row,
        "cohort": f"cohort-{digest(pictured)[:8]}",
        "run": f"{method_found.name}/{spec.preset.name}-seed-{spec.seed}-{row[:8]}",
        "seed": spec.seed,
        "card": task.card.as_dict(),
        "cohort_facts": facts.as_dict(),
        "method": {
            **decided["method"],
            "kind": method_found.kind,
            "origin": method_found.origin,
            "groups_used": declared.groups_used,
            "extra_data": declared.extra_data,
            "trains_generator": declared.trains_generator,
            "summary": summary(method_found),
        },
        "preset": preset,
        "environment": computed_with,
    }


def run_folder(runs: Path, config: Mapping[str, Any]) -> Path:
    """Return where a run's folder belongs."""
    return cohort_folder(runs, config) / Path(config["run"])


def cohort_folder(runs: Path, config: Mapping[str, Any]) -> Path:
    """Return the folder of all runs on one cohort: task, then variant or data folder."""
    source = config["source"]
    cohort = f"data-{source['name']}" if source["kind"] == "table" else config["variant"]["name"]
    return runs / config["task"]["name"] / cohort


def cohort_words(config: Mapping[str, Any]) -> str:
    """Name a run's cohort for a person: the variant, or the folder of one's own patients."""
    source = config["source"]
    return str(source["name"] if source["kind"] == "table" else config["variant"]["name"])


def _check_prompt(task: Task) -> None:
    """Refuse a task whose sentence needs words that a generator's request may leave out."""
    last = task.card.cells().iloc[-1]
    for words in ({}, *({name: last[name]} for name in last.index)):
        try:
            task.prompt(words)
        except (KeyError, AttributeError, TypeError) as error:
            raise ValueError(
                f"{task.card.name}: prompt({words}) raised {type(error).__name__}: {error}. "
                "Generators also draw patients of whom only some words are known: read a word with "
                "row.get(...) and leave out what the row does not hold."
            ) from error
