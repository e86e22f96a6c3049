"""How long do the parts of a quick run take here?

Run: python docs/measurements/speed.py   (two minutes; the numbers in docs/results/speed.md)
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmark.api.data import Source
from benchmark.discovery.find import find_tasks, locate
from benchmark.discovery.load import load_method, load_task
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.running import predictions

PATIENTS = 5000


def seconds_for_patients(name: str, cache: Path) -> float:
    """Make a cohort of 5,000 images of 64 x 64."""
    source = Source(image_size=64, train=PATIENTS - 1000, val=550, test=450, cache=cache)
    started = time.monotonic()
    task = load_task(find_tasks()[name])
    splits = task.load(source, task.knobs.variant(), 0)
    made = sum(len(split) for split in (splits.train, splits.val, splits.test))
    return (time.monotonic() - started) * PATIENTS / made


def seconds_for_training(name: str, method: str, threads: int, cache: Path) -> float:
    """Fit a method at the quick preset and predict its test split."""
    torch.set_num_threads(threads)
    preset = load_preset("quick")
    task, fitted = load_task(find_tasks()[name]), load_method(locate(method, "method"))()
    spec = RunSpec(name, method, task.knobs.variant(), 0, preset, device="cpu", cache=cache)
    splits = task.load(spec.source, spec.variant, spec.seed)
    ctx = predictions.make_context(task, fitted, spec, lambda line: None)
    started = time.monotonic()
    predictor = fitted.fit(splits.train, splits.val, ctx)
    predictor.predict_proba(np.asarray(splits.test.images))
    return time.monotonic() - started


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(find_tasks()):
            print(f"{name}: {seconds_for_patients(name, Path(folder)):.0f} s for 5,000 patients")
        for threads in (1, 2):
            spent = seconds_for_training("cmr_heart_failure", "erm", threads, Path(folder))
            print(f"cmr_heart_failure, erm, quick: {spent:.1f} s with {threads} thread(s)")
