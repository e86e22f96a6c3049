"""Which denoiser learns most in a minute of one core?

Run: python docs/measurements/denoiser.py   (six minutes a task; for docs/results/speed.md)

Each line trains the base of one cohort anew and gives its error on validation patients, who do not
train it: the mean squared error of what it predicts (v), at the noise that sampling meets.
"""

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.presets.settings import ScratchSettings
from benchmark.running import predictions
from methods.alignment_finetuning.method import AlignmentFinetuning
from methods.shared.base import load_base, train_base, trained_text_encoder
from methods.shared.training_pairs import denoising_target, training_pairs

COHORTS = {  # task: knobs, seed
    "brain_mr_sex": ({"prevalence": 0.8}, 0),
    "cmr_heart_failure": ({"prevalence": 0.5}, 6),
}
TRIED = (  # widths, images a step, steps
    ([64, 64, 128], 8, 400),
    ([64, 64, 96], 8, 400),
    ([48, 64, 96], 8, 400),
    ([64, 64, 64], 8, 400),
    ([64, 64, 64], 8, 520),
    ([64, 64, 64], 6, 700),
    ([64, 64, 64], 4, 900),
    ([64, 64, 128], 8, 700),
    ([64, 64, 64], 6, 1000),
    ([80, 64, 64], 6, 1000),
)
BATCHES = 24  # of 64 validation images


def seconds_and_error(name: str, change: dict[str, Any], cache: Path) -> tuple[float, float]:
    """Train a base with these settings of the preset and measure it."""
    knobs, seed = COHORTS[name]
    variant = load_task(find_tasks()[name]).knobs.variant(**knobs)
    quick = load_preset("quick")
    assert isinstance(quick.generator, ScratchSettings)
    preset = dataclasses.replace(quick, generator=dataclasses.replace(quick.generator, **change))
    spec = RunSpec(name, "base", variant, seed, preset, device="cpu", cache=cache)
    task, method = load_task(find_tasks()[name]), AlignmentFinetuning()
    splits = task.load(spec.source, variant, seed)
    ctx = predictions.make_context(task, method, spec, lambda line: None)
    train, val = (predictions.visible(s, task.card, method) for s in (splits.train, splits.val))
    text_encoder = trained_text_encoder(train, ctx)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        train_base(train, text_encoder, Path(folder), dataclasses.replace(ctx, seed=0))
        seconds = time.monotonic() - started
        parts = load_base(Path(folder), train, text_encoder, ctx)
    parts.denoiser.eval()
    latents, alike = parts.codec.encode(val.images), torch.ones(len(val), dtype=torch.float64)
    draw, rng = training_pairs(val, latents, parts, alike, 64, ctx), ctx.torch_rng("measurement")
    errors = []
    for _ in range(BATCHES):
        chance = draw(rng)
        known = chance["latents"], chance["noise"], chance["times"]
        noisy = parts.schedule.add_noise(*known)
        with torch.no_grad():
            guess = parts.denoiser(noisy, chance["times"], chance["text"]).sample
        errors.append(float((guess - denoising_target(parts.schedule, *known)).square().mean()))
    return seconds, sum(errors) / BATCHES


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as cache:
        for name in COHORTS:
            for widths, batch, steps in TRIED:
                change: dict[str, Any] = {
                    "widths": widths,
                    "batch_size": batch,
                    "base_steps": steps,
                }
                seconds, error = seconds_and_error(name, change, Path(cache))
                print(
                    f"{name}: {widths}, {steps} x {batch}: {seconds:.0f} s, {error:.3f}", flush=True
                )
