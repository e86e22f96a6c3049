"""Are the predictions what they were? A small run of every method on both tasks, bit for bit.

Run before a change and after it, on one machine:

    python docs/measurements/golden.py write docs/results/golden.npz
    python docs/measurements/golden.py compare docs/results/golden.npz
    python docs/measurements/golden.py compare docs/results/golden.npz val     # of val alone

About two minutes on two cores. A change of layout, names or records must leave every probability
and every number of the generation track as it was. What a processor rounds differs, so a file of
another machine says nothing.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

PRESET = """
description = "seconds a run: for comparing bits, not methods"
[source]
image_size = 32
train = 240
val = 96
test = 96
recruited = 48
[classifier]
backbone = "test_resnet"
steps = 12
batch_size = 32
learning_rate = 3e-3
weight_decay = 0.01
evaluations = 2
[generator]
fold = 4
components = 8
widths = [16, 32]
base_steps = 16
steps = 12
tuning_steps = 3
tuning_batch = 16
reader = "test_convnext"
batch_size = 8
accumulation = 1
learning_rate = 2e-3
sampling_steps = 2
last_noise = 300
base_sampling_steps = 3
base_last_noise = 100
guidance = 1.5
judged = 96
[run]
threads = 1
seeds = [100]
time_limit_minutes = 10
"""
TASKS = ("brain_mr_sex", "cmr_heart_failure")
NOT_BY_DEFAULT = {"said_by_chance": "groups_in_prompt"}  # its name when first written, and now


def run_all(runs: Path) -> None:
    """Do every run of the small preset into a folder, with nothing cached before."""
    preset = runs / "golden.toml"
    preset.write_text(PRESET)
    command = ["equipoise", "run", "--preset", str(preset), "--runs", str(runs / "runs")]
    command += ["--device", "cpu", "--no-tracking"]
    environment = {"EQUIPOISE_CACHE": str(runs / "cache")}
    for more in ([], [part for n in NOT_BY_DEFAULT.values() for part in ("--method", n)]):
        subprocess.run([*command, *more], check=True, env=_inherited() | environment)


def _inherited() -> dict[str, str]:
    import os

    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path}


def read_all(runs: Path) -> dict[str, np.ndarray]:
    """Return probabilities (images, classes) of every run and split, and numbers of generators."""
    found = {}
    for config in sorted((runs / "runs").glob("*/*/*/*/config.json")):
        read = json.loads(config.read_text())
        name = f"{read['task']['name']}/{read['method']['name']}"
        for old, now in NOT_BY_DEFAULT.items():
            name = name.replace(f"/{now}", f"/{old}")
        table = pd.read_parquet(config.parent / "predictions.parquet").sort_values("image_id")
        columns = [c for c in table if c.startswith("probability_")]
        for split, rows in table.groupby("split"):
            found[f"{name}/{split}"] = rows[columns].to_numpy()
        track = config.parent / "generation.json"
        if track.exists():
            found[f"{name}/generation"] = np.sort(list(_numbers(json.loads(track.read_text()))))
    return found


def _numbers(value: object) -> list[float]:
    """All numbers of a record that are no whole ones, wherever they stand in it."""
    if isinstance(value, float):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sorted({x for one in inside for x in _numbers(one)})


def compare(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> int:
    """Print what differs and return how many arrays do."""
    differing = 0
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            print(f"{name}: only {'after' if old is None else 'before'}")
        elif old.shape != new.shape or not np.array_equal(old, new):
            far = np.abs(old - new).max() if old.shape == new.shape else "another shape"
            print(f"{name}: differs, by {far}")
        else:
            continue
        differing += 1
    print(f"{len(before)} before, {len(after)} after, {differing} differ")
    return differing


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ("write", "compare"):
        sys.exit(__doc__)
    wanted = f"/{sys.argv[3]}" if len(sys.argv) == 4 else ""
    with tempfile.TemporaryDirectory() as folder:
        run_all(Path(folder))
        found = read_all(Path(folder))
    if sys.argv[1] == "write":
        np.savez_compressed(sys.argv[2], **found)
        print(f"wrote {sys.argv[2]}: {len(found)} arrays")
    else:
        with np.load(sys.argv[2]) as known:
            sides = [{k: v for k, v in s.items() if k.endswith(wanted)} for s in (known, found)]
            sys.exit(compare(*sides) > 0)
