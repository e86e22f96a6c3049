"""From what was asked for to everything that decides a run, before any work is done."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import platform
import subprocess
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmark.cache import digest
from benchmark.checkpoints import check_checkpoint, checkpoint_digest
from benchmark.cohorts.identity import content_digest
from benchmark.contracts import Method, Source, Task, TaskCard, Variant, default_cache
from benchmark.presets import CheckpointSettings, Preset, ScratchSettings
from benchmark.registry import (
    Found,
    code_digest,
    imported_folders,
    load_method,
    load_task,
    locate,
    source_digest,
    summary,
)
from benchmark.results import SCHEMA

PACKAGES = (
    "equipoise", "torch", "torchvision", "timm", "diffusers", "transformers", "safetensors",
    "numpy", "pandas", "scipy", "scikit-learn",
)  # fmt: skip
HERE = Path(__file__).parent
# Settings that people look for among a method's fields.
OF_PRESETS = {
    f.name for kind in (ScratchSettings, CheckpointSettings) for f in dataclasses.fields(kind)
}
# A change of these files may change numbers; the others decide what is run, kept and shown.
ENGINE_FILES = [
    "contracts.py",
    "context.py",
    "training.py",
    "filling.py",
    "clip.py",
    "target.py",
    "readback.py",  # methods may filter with it what their classifier learns from
    "metrics/synthesis.py",
    "runner.py",
    "cohorts/*.py",
]


class CheckFailed(RuntimeError):
    """A method's check(card) has a mistake; what it refuses in earnest is a ValueError."""


@dataclass(frozen=True)
class RunSpec:
    """What one run was asked to be. Plain values: it travels to other processes."""

    task: str  # a name, or the path of a task folder
    method: str  # a name, or the path of a method file
    variant: Variant
    seed: int
    preset: Preset
    fields: dict[str, Any] = field(default_factory=dict)  # hyperparameters that are not default
    data: Path | None = None  # a table cohort's folder; None: the digital cohort
    device: str = "auto"
    extractor: str | None = None  # features for judging generators, ARCHITECTURE=FILE; None: ours
    cache: Path = field(default_factory=default_cache)

    @property
    def source(self) -> Source:
        """Where the images come from, at the preset's sizes."""
        sizes = dataclasses.asdict(self.preset.source)
        return Source(folder=self.data, cache=self.cache / "cohorts", **sizes)


def build_task(spec: RunSpec) -> Task:
    """Import and make the task."""
    return load_task(locate(spec.task, "task"))


def build_method(spec: RunSpec) -> Method:
    """Import the method and set its fields; unknown fields and wrong types are refused."""
    return with_fields(load_method(locate(spec.method, "method")), spec.fields)


def with_fields(cls: type[Method], fields: Mapping[str, Any]) -> Method:
    """Make a method with these fields set. Raises ValueError with all that is wrong with them."""
    declared = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    known = {name: getattr(cls(), name) for name in declared}
    problems, values = [], {}
    for name, value in fields.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            if name in OF_PRESETS:
                hint = " It is a setting of a preset's section [generator]: see --preset."
            names = ", ".join(known) or "none"
            problems.append(f"{cls.__name__} has no field {name!r}.{hint} Fields: {names}.")
        elif not _fits(value, known[name]):
            kind = type(known[name]).__name__
            problems.append(f"{cls.__name__}.{name} is {value!r}; it must be of type {kind}.")
        elif not _allowed(value, declared[name]):
            words = allowed_words(declared[name])
            problems.append(f"{cls.__name__}.{name} is {value!r}; allowed: {words}.")
        else:
            values[name] = float(value) if isinstance(known[name], float) else value
    if problems:
        raise ValueError(" ".join(problems))
    return cls(**values)


def _allowed(value: Any, declared: dataclasses.Field[Any]) -> bool:
    if "options" in declared.metadata:
        return value in declared.metadata["options"]
    if isinstance(value, float) and not math.isfinite(value):
        return False
    low, high = declared.metadata.get("range", (None, None))
    return low is None or bool(low <= value <= high)


def allowed_words(declared: dataclasses.Field[Any]) -> str:
    """Say what a hyperparameter may be; empty where nothing was declared."""
    if "options" in declared.metadata:
        return ", ".join(declared.metadata["options"])
    if "range" in declared.metadata:
        low, high = declared.metadata["range"]
        return f"{low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
    return "a finite number" if isinstance(declared.default, float) else ""


def _fits(value: Any, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return type(value) is type(default)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def refuse_unknown_knobs(card: TaskCard, variant: Variant) -> None:
    """Refuse a knob that a task cannot turn."""
    sexes = next((a.values for a in card.attributes if a.name == "sex"), ())
    if variant.women is None or "female" in sexes:
        return
    words = "Name the task that is meant with --task, or leave --women out."
    if "female" in card.classes:
        share = variant.women if card.classes[-1] == "female" else 1 - variant.women
        words += f" Sex is the label here: for as many women, give --prevalence {share:g}."
    raise ValueError(
        f"{card.name}: women is {variant.women:g}, but its card has no attribute sex with the "
        f"value female. {words}"
    )


def resolve(spec: RunSpec) -> dict[str, Any]:
    """Decide everything about a run: the content of config.json.

    "row" identifies all that changes numbers but the seed; "run" is the readable folder name.
    Raises LookupFailed or ValueError if the task, the method or a field is not usable.
    """
    task_found, method_found = locate(spec.task, "task"), locate(spec.method, "method")
    task, method = build_task(spec), build_method(spec)
    if spec.data is not None and spec.variant != Variant():
        raise ValueError(
            f"{task.card.name}: severity and the other knobs turn digital cohorts only; "
            f"{spec.data} is a table cohort. Leave them out."
        )
    refuse_unknown_knobs(task.card, spec.variant)
    extra = getattr(method, "extra_data", "none")
    if extra == "digital_cohort" and (spec.data is not None or not hasattr(task, "new_patients")):
        raise ValueError(
            f"{method_found.name} makes new patients, which only a digital cohort can: "
            f"leave it out of runs on {spec.data or task.card.name}."
        )
    check_fields(method, task.card)
    preset, computed_with = spec.preset.as_dict(), environment(spec)
    settings = ["source", "classifier"]
    if getattr(method, "trains_generator", False):
        settings.append("generator")
        preset["generator"] = _generator_identity(spec.preset, method_found.name)
        _check_prompt(task)
    elif isinstance(spec.preset.generator, CheckpointSettings):
        preset["generator"]["checkpoint"] = ""  # where it lies is nobody's business
    source = _source_identity(spec.data)
    decided: dict[str, Any] = {
        "schema": SCHEMA,
        "task": {
            "name": task_found.name,
            "version": task.card.version,
            "source": with_neighbours(task_found),
        },
        "variant": {"name": spec.variant.name, **dataclasses.asdict(spec.variant)},
        "method": {
            "name": method_found.name,
            "source": with_neighbours(method_found),
            "fields": dataclasses.asdict(method),  # type: ignore[call-overload]
        },
        "preset": {name: preset[name] for name in settings},
        "source": {name: fact for name, fact in source.items() if name != "name"},
        "engine": code_digest([p for name in ENGINE_FILES for p in sorted(HERE.glob(name))]),
        "rounding": {k: computed_with[k] for k in ("device", "precision", "threads")},
    }
    if spec.extractor:
        from benchmark.extractor import extractor_name  # imports timm

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
        "method": {
            **decided["method"],
            "kind": method_found.kind,
            "origin": method_found.origin,
            "groups_used": method.groups_used,
            "extra_data": extra,
            "trains_generator": "generator" in settings,
            "summary": summary(method_found),
        },
        "preset": preset,
        "environment": computed_with,
    }


def check_fields(method: Method, card: TaskCard) -> None:
    """Let a method say what only the card can tell, e.g. that a column is missing: ValueError.

    Raises CheckFailed, with the place, for whatever else it raises.
    """
    check = getattr(method, "check", None)
    if check is None:
        return
    try:
        check(card)
    except ValueError:
        raise
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise CheckFailed(
            f"{type(method).__name__}: its check(card) failed: {type(error).__name__}: {error} "
            f"({Path(place.filename).name}, line {place.lineno})."
        ) from error


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


def environment(spec: RunSpec) -> dict[str, Any]:
    """Describe what the numbers were computed with; of it, what rounds sums names the run."""
    from benchmark.context import choose_device, choose_precision  # imports torch

    device = choose_device(spec.device)
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device.type,
        "precision": choose_precision(device),
        "threads": spec.preset.run.threads,
        "commit": _commit(),
        **{name: package_version(name) for name in PACKAGES},
    }


def package_version(name: str) -> str:
    """Return the installed version of a package, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def _commit() -> str:
    """Return the code's revision, with a + if files differ from it."""
    command = ["git", "-C", str(HERE), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def with_neighbours(found: Found) -> str:
    """Hash a task's or method's folder and what it shares with its neighbours.

    Shared are the folders beside it that are no task or method themselves. A method of a single
    file shares the folders of the methods that it imports.
    """
    if found.origin != "folder":
        return source_digest(found)
    if not found.folder:
        folders = imported_folders(found.path, "methods")
        files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
        return digest([source_digest(found), code_digest(files)]) if files else source_digest(found)
    shared = [
        path
        for folder in sorted(found.path.parent.parent.iterdir())
        if folder.is_dir() and not (folder / found.path.name).exists()
        for path in sorted(folder.glob("*.py"))
    ]
    return digest([source_digest(found), code_digest(shared)])


def _source_identity(folder: Path | None) -> dict[str, str]:
    """Name the cohort without naming where it lies: paths do not change numbers.

    Its name is for reading only and is left out of the hashes.
    """
    if folder is None:
        return {"kind": "digital", "name": "digital cohort"}
    return {"kind": "table", "name": folder.resolve().name, "content": content_digest(folder)}


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


def _generator_identity(preset: Preset, method: str) -> dict[str, Any]:
    """Return the generator's settings, a checkpoint by its content and not by where it lies."""
    if preset.generator is None:
        raise ValueError(
            f"{method} needs a generator's settings, and the preset {preset.name} has no section "
            "[generator]. `equipoise describe quick` shows one."
        )
    settings = dataclasses.asdict(preset.generator)
    if isinstance(preset.generator, CheckpointSettings):
        if not preset.can_generate:
            raise ValueError(
                f"{method} needs the generator of preset {preset.name}, which starts from a "
                "checkpoint of the Stable Diffusion family: give --checkpoint with a folder or a "
                "hub id."
            )
        folder = Path(preset.generator.checkpoint)
        check_checkpoint(folder, preset.generator.size)
        settings["checkpoint"] = f"sha256 {checkpoint_digest(folder)}"
    return settings


def parallel_runs(preset: Preset, device: str) -> int:
    """Return how many runs this machine can do at a time: one on a GPU, else by its cores."""
    from benchmark.context import choose_device  # imports torch

    if choose_device(device).type != "cpu":
        return 1
    return max(1, len(os.sched_getaffinity(0)) // preset.run.threads)
