"""How fast are the parts of a quick run here, beside plain loops of the same networks?

Run: make bench, or PYTHONPATH=. python docs/measurements/bench.py   (minutes on a core that is
free)

Seconds are those of one processor core, as the process was charged for them (the page's are wall
time). Two that are compared take turns, and of each the fastest round counts.
"""

import dataclasses
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import large_board
import numpy as np
import pandas as pd
import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor2_0
from torch import Tensor, nn
from torch.nn import functional

from benchmark.api.context import RunContext
from benchmark.api.data import Source, Split
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.generation.text_image_model import write_prompts
from benchmark.metrics.scoring import score_predictions
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.load import load_preset
from benchmark.presets.settings import ScratchSettings
from benchmark.running import predictions
from benchmark.training.classifier import train_classifier
from benchmark.training.network import new_network
from methods.controlnet_synthesis.method import ControlNetSynthesis
from methods.shared import scratch
from methods.shared.base import trained_text_encoder
from methods.shared.controlnet import train_denoiser
from methods.shared.parts import Parts
from methods.shared.training_pairs import denoising_target

HEARTS, PATIENTS, SEED = "cmr_heart_failure", 500, 100
STEPS, ROUNDS = 40, 3  # of each loop; each is run so often
DRAWN = 32  # images drawn together
BOARD = (20, 2)  # methods and tasks of the made-up board


def cpu_seconds(do: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    started = time.process_time()
    do()
    return time.process_time() - started


def fastest(*ways: Callable[[], object]) -> list[float]:
    """Return the processor time of each way, the least of several rounds; the first warms up."""
    return [min(times) for times in zip(*([cpu_seconds(w) for w in ways] for _ in range(ROUNDS)))]  # noqa: B905


def hearts(cache: Path) -> tuple[Split, Split, RunContext]:
    """Load a small cohort, and make the context of a method that trains a generator."""
    quick, task = load_preset("quick"), load_task(find_tasks()[HEARTS])
    few = dataclasses.replace(quick.classifier, steps=STEPS, evaluations=1)
    preset = dataclasses.replace(quick, classifier=few)
    method, variant = ControlNetSynthesis(), task.knobs.variant()
    spec = RunSpec(HEARTS, "bench", variant, SEED, preset, device="cpu", cache=cache)
    splits = task.load(
        Source(image_size=64, train=PATIENTS, val=100, test=64, cache=cache), variant, SEED
    )
    ctx = predictions.make_context(task, method, spec, lambda line: None)
    train, val = (predictions.visible(s, task.card, method) for s in (splits.train, splits.val))
    return train, val, ctx


def classifier_share(train: Split, val: Split, ctx: RunContext) -> None:
    """Compare train_classifier with forward and backward of its network on one batch."""
    size = ctx.classifier.batch_size
    network = new_network(train.images.shape[1], ctx, "bench")
    images = torch.from_numpy(np.array(train.images[:size], np.float32))
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(ctx.card.encode_labels(train.table.iloc[:size]))

    def bare() -> None:
        for _ in range(STEPS):
            with torch.autocast("cpu", torch.bfloat16, enabled=ctx.precision == "bfloat16"):
                logits = network(images)
            network.zero_grad(set_to_none=True)
            functional.cross_entropy(logits.float(), labels).backward()

    ours, alone = fastest(lambda: train_classifier(train, val, ctx), bare)
    print(
        f"classifier: {STEPS * size / ours:.0f} images/s, all of train_classifier; "
        f"{alone / ours:.0%} of what forward and backward alone would do"
    )


def new_parts(train: Split, ctx: RunContext, folder: Path) -> Parts:
    """Make denoiser and ControlNet of quick, not trained."""
    assert isinstance(ctx.generator, ScratchSettings)
    base = scratch.new_base(train, ctx.generator, folder, trained_text_encoder(train, ctx), ctx)
    return scratch.add_controlnet(base, train, ctx.generator, ctx)


def as_diffusers_has_them(parts: Parts) -> tuple[UNet2DConditionModel, ControlNetModel]:
    """Return networks of the same sizes as diffusers makes them, with its own attention."""
    made = UNet2DConditionModel.from_config(parts.denoiser.config)
    control = ControlNetModel.from_config(parts.control.config)
    for network in (made, control):
        network.set_attn_processor(AttnProcessor2_0())
    return made.train(), control.train()


def plain_loop(train: Split, parts: Parts, ctx: RunContext) -> Callable[[], None]:
    """Return the loop of diffusers' train_controlnet.py on these patients, without accelerate.

    In the precision of ours; as in ours, and not in the script, the U-Net learns too.
    """
    unet, control = as_diffusers_has_them(parts)
    both, batch = nn.ModuleList([unet, control]), ctx.generator.batch_size
    optimizer = torch.optim.AdamW(both.parameters(), lr=1e-5)
    prompts = write_prompts(train.table.drop(columns=["image_id", "patient_id"]), ctx.prompt)
    labels = len(ctx.card.mask_labels)

    def step() -> None:
        rows = torch.randint(len(train), (batch,)).numpy()
        latents = parts.codec.encode(train.images[rows])
        noise, times = torch.randn_like(latents), torch.randint(1000, (batch,))
        noisy = parts.schedule.add_noise(latents, noise, times)
        tokens = parts.text_encoder.tokens([prompts[row] for row in rows])
        text, condition = (
            parts.text_encoder.encode(tokens),
            parts.codec.condition(train.masks[rows], labels),
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=ctx.precision == "bfloat16"):
            guess = controlled(unet, control, noisy, times, text, condition)
        target = denoising_target(parts.schedule, latents, noise, times)
        functional.mse_loss(guess.float(), target).backward()
        nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return lambda: [step() for _ in range(STEPS)] and None


def controlled(
    unet: UNet2DConditionModel, control: ControlNetModel, noisy: Tensor, times: Tensor,
    text: Tensor, condition: Tensor,
) -> Tensor:  # fmt: skip
    """Call both networks as diffusers' own pipelines do."""
    down, middle = control(noisy, times, text, condition, return_dict=False)
    return unet(
        noisy, times, text,
        down_block_additional_residuals=down, mid_block_additional_residual=middle,
    ).sample  # fmt: skip


def generator_against_diffusers(train: Split, ctx: RunContext, folder: Path) -> None:
    """Compare training a ControlNet, and a step of sampling with it, with diffusers' own."""
    parts = new_parts(train, ctx, folder)
    settings = dataclasses.replace(ctx.generator, steps=STEPS)
    short, latents = dataclasses.replace(ctx, generator=settings), parts.codec.encode(train.images)

    def ours() -> None:
        parts.network().train().requires_grad_(True)
        train_denoiser(train, latents, parts, Path(tempfile.mkdtemp(dir=folder)), short)

    mine, theirs = fastest(ours, plain_loop(train, parts, ctx))
    images = STEPS * ctx.generator.batch_size
    print(f"ControlNet: {images / mine:.0f} images/s; {theirs / mine:.2f} x diffusers' own loop")
    given = (
        torch.randn(DRAWN, *parts.shape), torch.full((DRAWN,), 500),
        parts.text_encoder.embed(["a picture"] * DRAWN),
        parts.codec.condition(train.masks[:DRAWN], len(ctx.card.mask_labels)),
    )  # fmt: skip
    network, (unet, control) = parts.network().eval(), as_diffusers_has_them(parts)
    bfloat16 = ctx.precision == "bfloat16"

    def draw() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            network(*given)

    def draw_as_diffusers() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            controlled(unet, control, *given)

    mine, theirs = fastest(draw, draw_as_diffusers)
    print(f"sampling: {DRAWN / mine:.0f} images/s a step; {theirs / mine:.2f} x diffusers' own")


def cohort_seconds(name: str, cache: Path) -> float:
    """Make patients of 64 x 64; processor seconds for 1,000."""
    task = load_task(find_tasks()[name])
    source = Source(image_size=64, train=PATIENTS, val=64, test=64, cache=cache)
    splits = []
    spent = cpu_seconds(lambda: splits.append(task.load(source, task.knobs.variant(), SEED + 1)))
    made = sum(len(split) for split in splits[0].parts().values())
    return 1000 * spent / made


def scoring_seconds(test: int = 9000, recruited: int = 2000) -> float:
    """Score made-up predictions of so many hearts."""
    card, rng = load_task(find_tasks()[HEARTS]).card, np.random.default_rng(0)
    split = np.repeat(["val", "test", "recruited"], [500, test, recruited])
    positive = rng.random(len(split))
    columns = {a.name: rng.choice(a.values, len(split)) for a in card.attributes}
    table = pd.DataFrame({"split": split, "label": rng.choice(card.classes, len(split)), **columns})
    table["image_id"] = table["patient_id"] = [f"patient-{row}" for row in range(len(table))]
    table["probability_0"], table["probability_1"] = 1 - positive, positive
    return cpu_seconds(lambda: score_predictions(table, card))


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        train, val, ctx = hearts(folder / "cache")
        classifier_share(train, val, ctx)
        generator_against_diffusers(train, ctx, folder)
        for name in sorted(find_tasks()):
            print(f"cohort: 1,000 patients of {name} in {cohort_seconds(name, folder):.1f} s")
        print(f"scoring: 9,000 and 2,000 patients in {scoring_seconds():.2f} s")
        large_board.METHODS, large_board.TASKS = BOARD
        large_board.make(folder / "board")
        print(f"page of {BOARD[0]} methods, {BOARD[1]} tasks, {large_board.SEEDS} seeds:")
        large_board.measure(folder / "board")
