"""How do the networks that count groups err on real test patients?

Run: python docs/measurements/group_counter.py   (a minute a cohort)

For each cohort and network, and all together: how often it is right for each group, and how many
points off a perfect generator would be counted on the prompts that tuning may use.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.generation.image_reader import trained_reader
from benchmark.generation.judging.group_counter import measure_errors, trained_group_counter
from benchmark.generation.judging.neutral_draws import IMAGES, chosen_prompts
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.metrics.share_metrics import by_chance
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.running import predictions

COHORTS = {
    "brain_mr_sex": {"prevalence": 0.8},
    "cmr_heart_failure": {"women": 0.2, "severity": 0.5, "prevalence": 0.5},
}
SEEDS = (28, 29)


def measure(cohort: str, seed: int, cache: Path) -> None:
    """Train the networks of one cohort and print how they err."""
    quick, task = load_preset("quick"), load_task(find_tasks()[cohort])
    variant = task.knobs.variant(**COHORTS[cohort])
    spec = RunSpec(cohort, "group counter", variant, seed, quick, device="cpu", cache=cache)
    splits = task.load(spec.source, variant, seed)
    ctx = predictions.make_context(task, predictions.JUDGE, spec, lambda line: None)
    target = read_target("uniform", task.card, columns_to_align(task.card, ""))
    reader = trained_reader(splits.train, ctx, "judge", ctx.classifier.backbone)
    counter = trained_group_counter(splits.train, reader, ctx)
    prompts = chosen_prompts(target, ctx)
    goal = np.array(target.shares)
    for name, errors in measure_errors(counter, prompts.table, target, splits, task.card).items():
        rng = np.random.default_rng(0)
        floors = [by_chance(goal, one, IMAGES, rng) for one in errors.confusion[prompts.tuned]]
        right = ", ".join(
            f"{group} {100 * share:.0f}%"
            for group, share in zip(target.groups, errors.right, strict=True)
            if share is not None
        )
        print(
            f"{cohort} {seed} {name}: off {100 * np.mean(floors):.1f}, right for {right}",
            flush=True,
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        for cohort in COHORTS:
            for seed in SEEDS:
                measure(cohort, seed, Path(cache))
