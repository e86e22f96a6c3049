"""How much does the counted mix of groups depend on who counts?

Run: python docs/measurements/counters.py brain_mr_sex     (a quarter of an hour on one core; or
cmr_heart_failure; the numbers in docs/methods.md)

Draws from neutral sentences before and after alignment, as the judge does, and lets six networks
count women: the judge's two, which have learned from the training split, and four that have learned
from new patients of the digital cohort, as many of every cell, whom no run has.
"""

import dataclasses
import sys
from typing import Any, cast

import numpy as np
import pandas as pd
import torch

from benchmark import runner
from benchmark.contracts import DigitalTask, Generator, Splits, Variant, default_cache
from benchmark.filling import ask_for_patients
from benchmark.generation import COARSE
from benchmark.metrics.proportions import total_variation
from benchmark.presets import load_preset
from benchmark.proportions import HELD_OUT, IMAGES, TUNED
from benchmark.readback import Effort, Reader, trained_reader
from benchmark.registry import find_tasks, load_task
from benchmark.spec import RunSpec
from benchmark.target import Target, neutral_requests, spread
from methods.alignment_finetuning.method import AlignmentFinetuning
from tasks.digital.cohort import balanced_requests

COHORTS = {
    "cmr_heart_failure": Variant(severity=0.5, prevalence=0.5, women=0.2),
    "brain_mr_sex": Variant(prevalence=0.8),
}
SEEDS = (22, 23, 24)
NEW_PATIENTS, SEED_OF_THEM = 3000, 20_000
LONGER = Effort(2.0, 64)  # than a judge learns, because there are more patients


def count(name: str, variant: Variant, seed: int) -> pd.DataFrame:
    """Return one row per network: how often it is right, and what it counts before and after."""
    preset = load_preset("quick")
    spec = RunSpec(name, "counters", variant, seed, preset, device="cpu", cache=default_cache())
    task, method = load_task(find_tasks()[name]), AlignmentFinetuning()
    splits = task.load(spec.source, variant, seed)
    ctx = runner.make_context(task, method, spec, lambda line: None)
    train, val = (runner.visible(s, task.card, method) for s in (splits.train, splits.val))
    generator = cast(Any, method.fit(train, val, ctx)).generator
    readers = counters(cast(DigitalTask, task), splits, spec)
    first, second = neutral_requests(task.card, generator.target.columns)
    sentences = pd.concat([spread(first, TUNED), spread(second, HELD_OUT)], ignore_index=True)
    chance = runner.make_context(task, runner.JUDGE, spec, print).rng("neutral sentences")
    start = int(chance.integers(2**31))
    images = [draw(side, sentences, splits, start) for side in (generator.before, generator)]
    truth = generator.target.encode(splits.test.table, task.card)
    rows = []
    for who, some in {**{k: [r] for k, r in readers.items()}, "all": [*readers.values()]}.items():
        right = read(some, generator.target, splits.test.images).argmax(1) == truth
        row: dict[str, Any] = {"task": name, "seed": seed, "network": who}
        row |= {f"right, {g}": right[truth == k].mean() for k, g in enumerate(["women", "men"])}
        for side, drawn in zip(("before", "after"), images, strict=True):
            groups = read(some, generator.target, drawn).argmax(1).reshape(len(sentences), IMAGES)
            shares = np.stack([(groups == k).mean(1) for k in (0, 1)], axis=1)
            off = total_variation(shares, np.array(generator.target.shares))
            row |= {f"women, {side}": shares[:TUNED, 0].mean(), f"off, {side}": off[:TUNED].mean()}
            row |= {f"off held out, {side}": off[TUNED:].mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def counters(task: DigitalTask, splits: Splits, spec: RunSpec) -> dict[str, Reader]:
    """Train the networks that count; those of new patients are the same for every seed."""
    ctx = runner.make_context(task, runner.JUDGE, spec, lambda line: None)
    usual = ctx.classifier.backbone
    found = {
        "judge, blocks": trained_reader(
            splits.train, ctx, "counter", usual, with_masks=False, coarse=COARSE
        ),
        "judge, detail": trained_reader(splits.train, ctx, "judge", usual),
    }
    rows = balanced_requests(task.card, NEW_PATIENTS)
    new = task.new_patients(rows, spec.source, SEED_OF_THEM)
    always = dataclasses.replace(ctx, seed=0)
    for backbone in (usual, "test_resnet"):
        for blocks, words in ((COARSE, "blocks"), (1, "detail")):
            found[f"new patients, {backbone}, {words}"] = trained_reader(
                new, always, "measured", backbone, with_masks=False, coarse=blocks, effort=LONGER
            )
    return found


def draw(generator: Generator, sentences: pd.DataFrame, splits: Splits, seed: int) -> np.ndarray:
    """Draw (sentences x IMAGES, channels, size, size)."""
    rows = sentences.loc[np.repeat(sentences.index, IMAGES)].reset_index(drop=True)
    nobody = np.zeros((len(rows), *splits.train.masks.shape[1:]), np.uint8)
    return ask_for_patients(generator, rows, nobody, seed)


def read(readers: list[Reader], target: Target, images: np.ndarray) -> np.ndarray:
    """Return the mean of the networks' probabilities of groups, (n, groups)."""
    found = [target.probabilities(reader.probabilities(images)) for reader in readers]
    return np.mean(found, axis=0)


if __name__ == "__main__":
    torch.set_num_threads(load_preset("quick").run.threads)  # as a run has: to the same bit
    for name in sys.argv[1:] or COHORTS:
        counted = [count(name, COHORTS[name], seed) for seed in SEEDS]
        table = pd.concat(counted, ignore_index=True)
        print(table.round(3).to_string(index=False))
        numbers = table.drop(columns=["task", "seed"]).groupby("network", sort=False).mean()
        print(name, (100 * numbers).round(1).to_string(), sep="\n", flush=True)
