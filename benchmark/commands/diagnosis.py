"""`equipoise doctor`: is this machine fit to run, and what can it expect?"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.api.data import default_cache
from benchmark.discovery.find import LookupFailed, find_methods, find_tasks
from benchmark.discovery.load import load_method, load_task
from benchmark.planning.environment import package_version

FREE_GIGABYTES = 2.0  # what quick cohorts and runs take, with room to spare


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at: fit or not, and what to do."""

    what: str
    found: str
    remedy: str = ""  # empty: nothing to do


def diagnose() -> list[Diagnosis]:
    """Look at everything; nothing is changed but a test file in the cache folder."""
    looks: list[Callable[[], Diagnosis]] = [_python, _torch, _device, _tracker, _cache, _names]
    return [look() for look in looks]


def _python() -> Diagnosis:
    found = ".".join(map(str, sys.version_info[:3]))
    remedy = "" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer."
    return Diagnosis("Python", found, remedy)


def _torch() -> Diagnosis:
    """A torch and a torchvision of different builds fail when torchvision's operators load."""
    found = f"torch {package_version('torch')}, torchvision {package_version('torchvision')}"
    try:
        importlib.import_module("torchvision.ops")
        importlib.import_module("timm")
    except (ImportError, RuntimeError, AttributeError) as error:
        remedy = f"{error}. Install torch and torchvision as a pair, from the same index."
        return Diagnosis("torch pair", found, remedy)
    return Diagnosis("torch pair", found)


def _device() -> Diagnosis:
    from benchmark.support.devices import choose_device, choose_precision

    device = choose_device()
    cores = len(os.sched_getaffinity(0))
    return Diagnosis("device", f"{device.type}, {choose_precision(device)}, {cores} cores")


def _tracker() -> Diagnosis:
    found = package_version("mlflow")
    remedy = "pip install mlflow, or run with --no-tracking." if found == "not installed" else ""
    return Diagnosis("MLflow", found, remedy)


def _cache() -> Diagnosis:
    folder = default_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Diagnosis("cache", str(folder), f"{error}. Point EQUIPOISE_CACHE elsewhere.")
    free = shutil.disk_usage(folder).free / 1e9
    remedy = "" if free > FREE_GIGABYTES else f"Free some disk: {free:.1f} GB are left."
    return Diagnosis("cache", f"{folder}, {free:.0f} GB free, {_size(folder)} used", remedy)


def _size(folder: Path) -> str:
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{used / 1e9:.1f} GB"


def _names() -> Diagnosis:
    """Import every registered task and method once."""
    try:
        methods, tasks = find_methods(), find_tasks()
        for found in methods.values():
            load_method(found)
        for found in tasks.values():
            load_task(found)
    except LookupFailed as error:
        return Diagnosis("tasks and methods", "one cannot be used", str(error))
    return Diagnosis(
        "tasks and methods", f"{len(tasks)} tasks, {len(methods)} methods and controls"
    )
