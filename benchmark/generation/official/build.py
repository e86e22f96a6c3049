"""Makes the official judge of a digital task from nothing: patients, networks, card."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.official.examination import (
    in_every_look,
    masks_quality,
    prompts_found,
    readers_quality,
)
from benchmark.generation.official.load import CLIP
from benchmark.generation.official.looks import measure_components
from benchmark.generation.official.networks import as_reader, read_networks, write_networks
from benchmark.generation.official.training import (
    EXTRACTOR,
    READERS,
    Work,
    calibrate,
    trained_networks,
    truths,
)
from benchmark.generation.patient_requests import balanced_requests
from benchmark.generation.text_image_model import STEPS_SHARE, load_clip, train_clip
from benchmark.records.judge_card import JudgeCard, Recipe, files_of, write_card
from benchmark.support.files import PARTIAL

BLOCK = 4_000  # patients that are made together
FIRST_SEED = 2**30 + 1_000  # of the new patients: far beyond what any run draws with
SEED = 0  # of weights and batches
BESIDE = {"train": 0, "calibration": 500, "held_out": 600}  # seeds of each part, after the first


@dataclass(frozen=True)
class Patients:
    """The new patients that a judge is made from, equally many of every cell."""

    train: Split
    calibration: Split
    held_out: Split


def build_judge(ctx: RunContext, folder: Path, work: Work, command: str) -> JudgeCard:
    """Train all networks, examine them on other patients, write files and card; return the card.

    ctx: of the engine, with seed SEED; it draws new patients as large as the judge is to read them.
    folder: is replaced when everything is there. command: what was typed, for the card.
    """
    patients = Patients(**{part: new_patients(ctx, part, getattr(work, part)) for part in BESIDE})
    size = patients.train.images.shape[-1]
    partial = folder.with_name(folder.name + PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    components = measure_components(patients.train.images, ctx.device)
    networks = trained_networks(patients.train, components, work, ctx)
    temperatures = {}
    for name, member in as_reader(networks, ctx.card, size, ctx.device).members.items():
        said = member.probabilities(patients.calibration.images)
        truth = truths(patients.calibration, ctx)
        temperatures[name] = calibrate(networks.readers[name], said, truth)
    weights = f"{size}.safetensors"
    write_networks(networks, partial / weights)
    _train_clip(patients.train, partial / CLIP, work, ctx)
    card = _card(ctx, partial, weights, patients, temperatures, _recipe(ctx, work, command))
    write_card(partial, card)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return card


def new_patients(ctx: RunContext, part: str, n: int) -> Split:
    """Make the new patients of one part, block by block; read what is there already."""
    seeds = seeds_of(part, n)
    sizes = [min(BLOCK, n - BLOCK * place) for place in range(len(seeds))]
    blocks = [
        ctx.new_patients(balanced_requests(ctx.card, size), seed)
        for size, seed in zip(sizes, seeds, strict=True)
    ]
    return Split(
        np.concatenate([np.asarray(block.images) for block in blocks]),
        np.concatenate([np.asarray(block.masks) for block in blocks]),
        pd.concat([block.table for block in blocks], ignore_index=True),
    )


def seeds_of(part: str, n: int) -> tuple[int, ...]:
    """Return the seed of every block of a part."""
    return tuple(FIRST_SEED + BESIDE[part] + place for place in range(-(-n // BLOCK)))


def _train_clip(train: Split, folder: Path, work: Work, ctx: RunContext) -> None:
    """Train the image-text model for as many steps as the work says."""
    steps = max(1, round(work.clip_steps / STEPS_SHARE))
    settings = dataclasses.replace(ctx.classifier, steps=steps)
    train_clip(train, folder, dataclasses.replace(ctx, classifier=settings), "official judge")


def _recipe(ctx: RunContext, work: Work, command: str) -> Recipe:
    packages = ("torch", "timm", "diffusers", "transformers")
    return Recipe(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        code=code_digest(Path(__file__)),
        packages={name: version(name) for name in packages},
        seeds={part: seeds_of(part, getattr(work, part)) for part in BESIDE},
        patients={part: getattr(work, part) for part in BESIDE},
        steps={
            **{f"reader {name}": work.reader_steps for name in READERS},
            "extractor": work.extractor_steps,
            "segmenter": work.segmenter_steps,
            "clip": work.clip_steps,
        },
        computed_with=f"{ctx.device.type}, {ctx.precision}, {torch.get_num_threads()} threads",
    )


def _card(
    ctx: RunContext, folder: Path, weights: str, patients: Patients,
    temperatures: dict[str, dict[str, float]], recipe: Recipe,
) -> JudgeCard:  # fmt: skip
    """Examine what lies in the folder, as it will be loaded, and write down what is found."""
    held_out, size = patients.held_out, patients.held_out.images.shape[-1]
    networks = read_networks(folder / weights, ctx.card, READERS, EXTRACTOR, size, ctx.device)
    reader, clip = (
        as_reader(networks, ctx.card, size, ctx.device),
        load_clip(folder / CLIP, ctx.device),
    )
    components = measure_components(patients.train.images, ctx.device)
    looks = in_every_look(held_out.images, components, ctx)
    by_region, by_look = masks_quality(reader, looks, held_out, ctx)
    return JudgeCard(
        task=ctx.card.name,
        task_version=ctx.card.version,
        image_size=size,
        weights=weights,
        readers=READERS,
        extractor=EXTRACTOR,
        recipe=recipe,
        quality=readers_quality(reader, looks, held_out, temperatures, ctx),
        dice=by_region,
        dice_by_look=by_look,
        prompt_found=prompts_found(clip, held_out, held_out.images, ctx),
        files=files_of(folder),
    )
