"""Is there room between plain training and a balanced cohort? Development seeds only.

Run: python docs/measurements/room.py cmr_heart_failure
     python docs/measurements/room.py brain_mr_sex

Quick preset, 4,800 balanced test patients, the same for all seeds. The decision rule
is the benchmark's, fitted on the method's val predictions.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from baselines.controls.oracle import Oracle
from baselines.erm import ERM
from baselines.group_resampling import GroupResampling
from benchmark.api.data import Split
from benchmark.api.protocols import Method, Task
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.metrics.ceiling import cell_accuracies
from benchmark.metrics.decision import balanced_offsets, decide
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.running.predictions import (
    make_context,
    make_repeatable,
    threshold_patients,
    visible,
)
from tasks.digital.cohort import balanced_requests

SEEDS = range(100, 106)
TEST, TEST_SEED = 4800, 990_100  # patients


def headline(method: Method, task: Task, spec: RunSpec, test: Split) -> dict[str, float]:
    """Train one method on one seed; return its accuracy in every cell of one attribute."""
    sizes = replace(spec.source, test=48, recruited=0)
    splits = task.load(sizes, spec.variant, spec.seed)
    make_repeatable(spec)
    ctx = make_context(task, method, spec, lambda line: None)
    train, val = (visible(split, task.card, method) for split in (splits.train, splits.val))
    predictor = method.fit(train, val, ctx)
    val = threshold_patients(predictor, method, splits.val)
    seen = [predictor.predict_proba(np.asarray(of.images)) for of in (val, test)]
    answers = decide(seen[1], balanced_offsets(task.card.encode_labels(val.table), seen[0]))
    found = cell_accuracies(task.card, test.table, answers)
    return {f"{k.values[0]}, {k.label}": v for k, v in found.items() if len(k.attributes) == 1}


def lines(name: str) -> Iterator[str]:
    """Yield a line per method: its worst cell, seed by seed, and the mean."""
    task = load_task(find_tasks()[name])
    quick, usual = load_preset("quick"), task.knobs.variant()
    spec = RunSpec(name, "", usual, SEEDS[0], quick, device="cpu")
    test = task.new_patients(balanced_requests(task.card, TEST), spec.source, TEST_SEED)
    for method in (ERM(), GroupResampling(), Oracle()):
        cells = [headline(method, task, replace(spec, seed=seed), test) for seed in SEEDS]
        worst = [min(of.values()) for of in cells]
        each = "  ".join(f"{100 * w:.1f}" for w in worst)
        where = ", ".join(sorted({min(of, key=lambda cell: of[cell]) for of in cells}))
        yield f"{type(method).__name__:16} {each}  mean {100 * np.mean(worst):.1f}  worst: {where}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task")
    for line in lines(parser.parse_args().task):
        print(line, flush=True)
