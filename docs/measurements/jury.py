"""How does the jury err on real test patients?

Run: python docs/measurements/jury.py   (a minute a cohort)

For each cohort and juror, and all together: how often it is right for each group, and how many
points a perfect generator would be counted off on the sentences that tuning may use.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.generation.image_reader import trained_reader
from benchmark.generation.judging.group_counter import errors_of, trained_jury
from benchmark.generation.judging.group_mix import IMAGES, neutral_sentences
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.metrics.share_metrics import by_chance
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import load_preset
from benchmark.running import predictions

COHORTS = {
    "brain_mr_sex": {"prevalence": 0.8},
    "cmr_heart_failure": {"women": 0.2, "severity": 0.5, "prevalence": 0.5},
}
SEEDS = (28, 29)


def measure(name: str, seed: int, cache: Path) -> None:
    """Train the jury of one cohort and print how it errs."""
    quick, task = load_preset("quick"), load_task(find_tasks()[name])
    variant = task.knobs.variant(**COHORTS[name])
    spec = RunSpec(name, "jury", variant, seed, quick, device="cpu", cache=cache)
    splits = task.load(spec.source, variant, seed)
    ctx = predictions.make_context(task, predictions.JUDGE, spec, lambda line: None)
    target = read_target("uniform", task.card, columns_to_align(task.card, ""))
    reader = trained_reader(splits.train, ctx, "judge", ctx.classifier.backbone)
    jury = trained_jury(splits.train, reader, ctx)
    sentences, tuned = neutral_sentences(task.card, target)
    goal = np.array(target.shares)
    for who, errors in errors_of(jury, sentences, target, splits, task.card).items():
        rng = np.random.default_rng(0)
        floors = [by_chance(goal, said, IMAGES, rng) for said in errors.said[tuned]]
        right = ", ".join(
            f"{group} {100 * share:.0f}%"
            for group, share in zip(target.groups, errors.right, strict=True)
            if share is not None
        )
        print(
            f"{name} {seed} {who}: off {100 * np.mean(floors):.1f}, right for {right}", flush=True
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        for name in COHORTS:
            for seed in SEEDS:
                measure(name, seed, Path(cache))
