"""What a run's numbers are computed with: device, precision, versions, revision."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import Preset
from benchmark.support.memory import remembered

PACKAGES = (
    "equipoise", "torch", "torchvision", "timm", "diffusers", "transformers", "safetensors",
    "numpy", "pandas", "scipy", "scikit-learn",
)  # fmt: skip


def environment(spec: RunSpec) -> dict[str, Any]:
    """Describe what the numbers were computed with; of it, what rounds sums names the run."""
    from benchmark.support.devices import choose_device, choose_precision  # imports torch

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


@remembered
def package_version(name: str) -> str:
    """Return the installed version of a package, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def _commit() -> str:
    """Return the code's revision, with a + if files differ from it."""
    command = [
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--abbrev=12",
        "--dirty=+",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def parallel_runs(preset: Preset, device: str) -> int:
    """Return how many runs this machine can do at a time: one on a GPU, else by its cores."""
    from benchmark.support.devices import choose_device  # imports torch

    if choose_device(device).type != "cpu":
        return 1
    return max(1, len(os.sched_getaffinity(0)) // preset.run.threads)
