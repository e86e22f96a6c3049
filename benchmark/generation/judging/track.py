"""The generation track: how good are the images of a run's generator?

A part of test, evenly from all cells, judges it. The generator is asked for as many patients of
every cell as half of that part has, by masks of validation patients. What it draws is compared with
that half; the other half gives the floor.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split, Splits
from benchmark.api.protocols import Generator, is_neutral_generator, reads_masks
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.judging.detector import detect
from benchmark.generation.judging.gallery import draw_gallery
from benchmark.generation.judging.group_mix import MixJudge, judge_group_mix
from benchmark.generation.judging.judge import Judge, Reading, judge_for
from benchmark.generation.judging.judged_patients import judged_patients
from benchmark.generation.judging.real_features import read_once
from benchmark.generation.patient_requests import (
    ask_for_patients,
    cell_sizes,
    choose_mask_donors,
    requests_for,
)
from benchmark.metrics.generation.evidence import AskedEvidence
from benchmark.metrics.generation.feature_metrics import nearest_rows
from benchmark.metrics.generation.halves import HALVES
from benchmark.metrics.generation.image_metrics import coarse_pixels
from benchmark.metrics.generation.measure import measure_asked
from benchmark.records.generation import write_generation


def judge_digest() -> str:
    """Identify the code that judges: numbers of other judges are not compared with these."""
    return code_digest(Path(__file__))


def name_of(judge: Judge) -> str:
    """Name what numbers rest on: those of judges with other names are not compared."""
    return f"{judge.name}, code {judge_digest()[:8]}"


def judge_generator(
    generator: Generator, splits: Splits, ctx: RunContext, folder: Path,
    *, with_gallery: bool, official: Path | None = None, judged: int | None = None,
    extractor: str | None = None,
) -> None:  # fmt: skip
    """Ask for a balanced set of patients, measure it, and write generation.json into folder.

    Every number has the one that real images get beside it, where there is such a one: "floor".
    with_gallery: also write gallery.png, which shows training patients. official: the folder of the
    task's official judge; None: a judge is trained. judged: how many patients of test to judge by,
    None: all. extractor: weights of one's own for the features, ARCHITECTURE=FILE; None: the
    judge's.
    """
    if judged is not None:
        splits = replace(splits, test=judged_patients(splits.test, ctx.card, judged))
    rng = ctx.rng("generation track")
    halves = [np.sort(half) for half in _halves(splits.test, ctx.card, rng)]
    asked = _ask(generator, splits, halves[0], ctx, rng)
    judge = judge_for(splits.train, ctx, official, extractor)
    name = name_of(judge)
    real = read_once(splits, judge, name)
    evidence = _evidence(asked, generator, halves, splits, real, judge)
    found: dict[str, Any] = {
        "n": len(asked), "judge": name, "scores": measure_asked(evidence, halves=HALVES),
    }  # fmt: skip
    if is_neutral_generator(generator):
        picture = folder / "neutral.png" if with_gallery else None
        mix_judge = MixJudge(judge, judge.counter(), splits, real, evidence)
        found["group_mix"] = judge_group_mix(generator, mix_judge, picture)
    write_generation(folder, found)
    if with_gallery:
        nearest = splits.train.take(
            nearest_rows(evidence.train, coarse_pixels(evidence.drawn.images))
        )
        draw_gallery(
            asked, nearest, ctx.card, folder / "gallery.png", with_masks=reads_masks(generator)
        )


def _halves(test: Split, card: TaskCard, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Deal the patients of every cell to two halves, by chance."""
    order = rng.permutation(len(test))
    cells, _ = card.encode_cells(test.table)
    order = order[np.argsort(cells[order], kind="stable")]
    return order[0::2], order[1::2]


def _ask(
    generator: Generator, splits: Splits, half: np.ndarray, ctx: RunContext,
    rng: np.random.Generator,
) -> Split:  # fmt: skip
    """Ask for as many patients of every cell as half of test has, by masks of val."""
    rows = requests_for(ctx.card, cell_sizes(splits.test.take(half), ctx.card))
    donors = choose_mask_donors(rows, splits.val, ctx.card, rng)
    masks = np.asarray(splits.val.masks)[donors]
    seed = int(ctx.rng("generation track: images").integers(2**31))
    return Split(ask_for_patients(generator, rows, masks, seed), masks, rows)


def _evidence(
    asked: Split, generator: Generator, halves: list[np.ndarray], splits: Splits,
    real: Reading, judge: Judge,
) -> AskedEvidence:  # fmt: skip
    """Read the drawn images, and put them beside the two halves of the real ones."""
    reference, other = (judge.sample(splits.test.take(half), real.take(half)) for half in halves)
    reading = judge.read(asked.images)
    drawn = judge.sample(asked, reading, with_masks=reads_masks(generator))
    return AskedEvidence(
        card=judge.ctx.card,
        reference=reference,
        other=other,
        train=coarse_pixels(splits.train.images),
        val=coarse_pixels(splits.val.images),
        rng=judge.ctx.rng,
        drawn=drawn,
        detection=detect(reference, drawn, judge.ctx.rng("detector")),
    )
