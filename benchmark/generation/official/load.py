"""Loads the official judge of a task, for the engine alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.api.context import RunContext
from benchmark.generation.official.networks import OfficialReader, as_reader, read_networks
from benchmark.generation.text_image_model import Clip, load_clip
from benchmark.records.judge_card import JudgeCard, check_files, read_card

CLIP = "clip"  # folder of the image-text model


@dataclass(frozen=True)
class OfficialJudge:
    """The frozen networks of a task, and their card."""

    reader: OfficialReader
    clip: Clip
    card: JudgeCard


def load_judge(folder: Path, ctx: RunContext) -> OfficialJudge:
    """Load the judge of this version of the task.

    Raises PermissionError for a method: it may not see through the eyes that judge it. ValueError
    if the judge is of another task or version, or its files are not those that its card names.
    """
    if not ctx.judges:
        raise PermissionError(
            "The official judge measures generators; no method may load it. Methods read images "
            "with networks of their own: trained_reader(train, ctx, ..., ctx.generator.reader)."
        )
    card = read_card(folder)
    check_judge(folder, card, ctx)
    networks = read_networks(
        folder / card.weights, ctx.card, card.readers, card.extractor, card.image_size, ctx.device
    )
    reader = as_reader(
        networks, ctx.card, card.image_size, ctx.device, bfloat16=ctx.precision == "bfloat16"
    )
    return OfficialJudge(reader, load_clip(folder / CLIP, ctx.device), card)


def check_judge(folder: Path, card: JudgeCard, ctx: RunContext) -> None:
    """Raise ValueError if this is not the judge of the context's task, or not as it was made."""
    asked, found = (ctx.card.name, ctx.card.version), (card.task, card.task_version)
    if asked != found:
        raise ValueError(
            f"{folder} holds the judge of {found[0]}, version {found[1]}, and this is {asked[0]}, "
            f"version {asked[1]}. Another version of a task needs another judge: "
            f"equipoise judge build {asked[0]}"
        )
    check_files(folder, card)
