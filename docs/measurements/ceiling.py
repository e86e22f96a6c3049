"""Make the ceiling of a task: what a large training balanced over all cells reaches in each cell.

Run: python docs/measurements/ceiling.py brain_mr_sex
     python docs/measurements/ceiling.py cmr_heart_failure --preset standard

It makes 50,000 new patients of the preset's image size in blocks (memory-mapped files in the
cache), trains the preset's classifier with each number of steps that is asked for, keeps what has
the lowest cross-entropy on 4,800 other new patients, and writes its answers for the fixed test
population to tasks/NAME/ceiling/SIZE.npz. The benchmark's decision rule, fitted on those 4,800, is
built into the probabilities, so that the most probable class is the answer. Test patients decide
nothing. The patients are held in memory: 2 GB at 64 pixels, 7 GB at 128, 26 GB at 256.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from baselines.controls.oracle import Oracle
from benchmark.api.data import Source, Split
from benchmark.api.protocols import Task
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_task
from benchmark.generation.patient_requests import balanced_requests
from benchmark.metrics.decision import SMALLEST_PROBABILITY, Offsets, balanced_offsets
from benchmark.metrics.performance import log_loss
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.running.predictions import make_context, make_repeatable
from benchmark.support.progress import say
from benchmark.training.classifier import Classifier, train_classifier
from tasks.brain_mr_sex.model import BrainModel
from tasks.cmr_heart_failure.rendering import HeartModel
from tasks.digital.ceiling import ceiling_file, population_of, read_ceiling, write_ceiling

MODELS = {"brain_mr_sex": BrainModel(), "cmr_heart_failure": HeartModel()}
BLOCK, VAL = 10_000, 4800  # patients
FIRST_SEED = 3_000_000  # of the new patients: nobody else draws with it
DEVELOPMENT_SEED = 100
BOARD_SEED = 0  # all board seeds have the test population that boards are decided on


def new_patients(task: Task, source: Source, n: int, first: int) -> Split:
    """Make n patients, cells as even as n allows; a block that is there already is read."""
    sizes = [min(BLOCK, n - start) for start in range(0, n, BLOCK)]
    blocks = [
        task.new_patients(balanced_requests(task.card, size), source, first + place)
        for place, size in enumerate(sizes)
    ]
    images = np.concatenate([block.images for block in blocks])
    table = pd.concat([block.table for block in blocks], ignore_index=True)
    return Split(images, np.zeros((n, 1, 1, 1), np.uint8), table)


def best_classifier(
    task: Task, spec: RunSpec, train: Split, val: Split, steps: list[int]
) -> tuple[Classifier, int]:
    """Train with each number of steps; return what does best on val, and its number."""
    labels, trained = task.card.encode_labels(val.table), {}
    for number in steps:
        make_repeatable(spec)
        ctx = make_context(task, Oracle(), spec, say)
        factor = number / spec.preset.classifier.steps
        network = train_classifier(train, val, ctx, steps_factor=factor)
        every = np.ones((1, len(val)))
        loss = float(log_loss(labels, network.predict_proba(val.images), every)[0])
        say(f"{task.card.name}: {number} steps, loss on val {loss:.4f}")
        trained[loss] = network, number
    return trained[min(trained)]


def with_rule(probability: np.ndarray, offsets: Offsets) -> np.ndarray:
    """Move probabilities (n, classes) by a decision rule: the most probable class is its answer."""
    cut = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    moved = cut * np.exp(offsets)
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))


def main() -> None:
    """Make one task's ceiling."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=MODELS)
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--steps", type=int, nargs="+", default=[4800])
    asked = parser.parse_args()
    found = locate(asked.task, "task")
    task, preset = load_task(found), load_preset(asked.preset)
    spec = RunSpec(asked.task, "oracle", task.knobs.variant(), DEVELOPMENT_SEED, preset)
    train = new_patients(task, spec.source, asked.patients, FIRST_SEED)
    val = new_patients(task, spec.source, VAL, FIRST_SEED + 1000)
    network, steps = best_classifier(task, spec, train, val, asked.steps)

    few = replace(spec.source, train=48, val=48, recruited=0)  # only its test is needed
    test = task.load(few, spec.variant, BOARD_SEED).test
    seen = [network.predict_proba(np.asarray(of.images)) for of in (val, test)]
    answers = with_rule(seen[1], balanced_offsets(task.card.encode_labels(val.table), seen[0]))
    model = MODELS[asked.task]
    _, population = population_of(model, task.card, len(test), few.image_size)
    path = ceiling_file(found.path.parent, few.image_size)
    write_ceiling(path, answers, population, asked.patients, steps)
    for key, share in read_ceiling(model, task.card, path.parents[1], few, spec.variant).items():
        if len(key.attributes) == 1:
            say(f"{key.values[0]}, {key.label}: {share:.3f}")


if __name__ == "__main__":
    main()
