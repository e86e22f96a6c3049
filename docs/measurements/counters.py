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
from benchmark.context import RunContext
from benchmark.contracts import (
    DigitalTask,
    Split,
    Splits,
    Task,
    TaskCard,
    Variant,
    default_cache,
)
from benchmark.generation import COARSE, trained_counter
from benchmark.metrics.proportions import total_variation
from benchmark.presets import load_preset
from benchmark.proportions import draw_each, neutral_sentences
from benchmark.readback import Effort, Reader, trained_reader
from benchmark.registry import find_tasks, load_task
from benchmark.spec import RunSpec
from benchmark.target import Target
from methods.alignment_finetuning.method import AlignmentFinetuning
from tasks.digital.cohort import balanced_requests

COHORTS = {
    "cmr_heart_failure": Variant(severity=0.5, prevalence=0.5, women=0.2),
    "brain_mr_sex": Variant(prevalence=0.8),
}
SEEDS = (25, 26, 27)
GROUPS = ("women", "men")  # in the order of both cards
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
    sentences, tuned = neutral_sentences(task.card, generator.target)
    judge = runner.make_context(task, runner.JUDGE, spec, lambda line: None)
    sides = {"before": generator.before, "after": generator}
    images = {side: draw_each(one, sentences, splits, judge) for side, one in sides.items()}
    readers = counters(task, splits, spec, judge)
    juries = {**{who: [reader] for who, reader in readers.items()}, "all": [*readers.values()]}
    rows = [
        {"task": name, "seed": seed, "network": who}
        | right(jury, generator.target, splits.test, task.card)
        | counted(jury, generator.target, images, tuned)
        for who, jury in juries.items()
    ]
    return pd.DataFrame(rows)


def right(jury: list[Reader], target: Target, test: Split, card: TaskCard) -> dict[str, float]:
    """Return how often the networks are right on test patients, for each group."""
    truth = target.encode(test.table, card)
    found = read(jury, target, test.images).argmax(1)
    return {f"right, {g}": float((found[truth == k] == k).mean()) for k, g in enumerate(GROUPS)}


def counted(
    jury: list[Reader], target: Target, images: dict[str, np.ndarray], tuned: np.ndarray
) -> dict[str, float]:
    """Return the share of women on tuned sentences, and how far off the mix is on both kinds."""
    found = {}
    for side, drawn in images.items():
        flat = drawn.reshape(-1, *drawn.shape[2:])
        groups = read(jury, target, flat).argmax(1).reshape(drawn.shape[:2])
        shares = np.stack([(groups == k).mean(1) for k in range(len(GROUPS))], axis=1)
        off = total_variation(shares, np.array(target.shares))
        found[f"women, {side}"] = float(shares[tuned, 0].mean())
        found[f"off, {side}"] = float(off[tuned].mean())
        found[f"off held out, {side}"] = float(off[~tuned].mean())
    return found


def counters(task: Task, splits: Splits, spec: RunSpec, ctx: RunContext) -> dict[str, Reader]:
    """Train the networks that count; those of new patients are the same for every seed."""
    usual = ctx.classifier.backbone
    found = {
        "judge, blocks": trained_counter(splits.train, ctx),
        "judge, detail": trained_reader(splits.train, ctx, "judge", usual),
    }
    rows = balanced_requests(task.card, NEW_PATIENTS)
    new = cast(DigitalTask, task).new_patients(rows, spec.source, SEED_OF_THEM)
    always = dataclasses.replace(ctx, seed=0)
    for backbone in (usual, "test_resnet"):
        for blocks, words in ((COARSE, "blocks"), (1, "detail")):
            found[f"new patients, {backbone}, {words}"] = trained_reader(
                new, always, "measured", backbone, with_masks=False, coarse=blocks, effort=LONGER
            )
    return found


def read(readers: list[Reader], target: Target, images: np.ndarray) -> np.ndarray:
    """Return the mean of the networks' probabilities of groups, (n, groups)."""
    found = [target.probabilities(reader.probabilities(images)) for reader in readers]
    return np.mean(found, axis=0)


if __name__ == "__main__":
    torch.set_num_threads(load_preset("quick").run.threads)  # as a run has: to the same bit
    for name in sys.argv[1:] or COHORTS:
        tables = [count(name, COHORTS[name], seed) for seed in SEEDS]
        table = pd.concat(tables, ignore_index=True)
        print(table.round(3).to_string(index=False))
        numbers = table.drop(columns=["task", "seed"]).groupby("network", sort=False).mean()
        print(name, (100 * numbers).round(1).to_string(), sep="\n", flush=True)
