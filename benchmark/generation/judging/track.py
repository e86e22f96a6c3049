"""The generation track: how good are the images of a run's generator?

The generator is asked for as many patients of every cell as half of test has (equally many, on a
digital cohort), by masks of validation patients, and what it draws is held against that half; the
other half gives the floor. The judges are networks trained on the real training split
(benchmark/readback.py); the generator never sees them, nor any test image.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split, Splits
from benchmark.api.protocols import Generator, NeutralGenerator
from benchmark.discovery.code_digest import code_digest
from benchmark.generation.image_reader import VERSION, trained_reader
from benchmark.generation.judging.feature_extractor import load_extractor
from benchmark.generation.judging.gallery import draw_gallery
from benchmark.generation.judging.group_counter import trained_jury
from benchmark.generation.judging.group_mix import judge_proportions
from benchmark.generation.judging.real_features import Judge, Judged, read, read_once
from benchmark.generation.metrics import image_metrics
from benchmark.generation.patient_requests import (
    ask_for_patients,
    cell_sizes,
    choose_owners,
    has_mask,
    requests_for,
)
from benchmark.generation.text_image_model import Clip, load_clip, trained_clip, write_sentences
from benchmark.presets.settings import ClassifierSettings
from benchmark.support.files import write_json
from benchmark.training.classifier import train_classifier

DETECTOR_PART = 1 / 3  # of a classifier's steps: to tell generated images from real ones


def judge_digest() -> str:
    """Identify the code that judges: numbers of other judges are not compared with these."""
    return code_digest(Path(__file__))


def name_of_judge(classifier: ClassifierSettings, extractor: str = "") -> str:
    """Name what numbers rest on: those of judges with other names are not compared."""
    return (
        f"{f'{extractor}; ' if extractor else ''}{VERSION}, {classifier.backbone}, "
        f"{classifier.steps} steps at {classifier.learning_rate:g}, code {judge_digest()[:8]}"
    )


def judge_generator(
    generator: Generator, splits: Splits, ctx: RunContext, folder: Path,
    *, with_gallery: bool, extractor: str | None = None,
) -> None:  # fmt: skip
    """Draw a balanced set of patients, measure it, and write generation.json into folder.

    Every number has the one that real images get beside it, where there is such a one: "floor".
    with_gallery: also write gallery.png, which shows training patients. extractor: weights of one's
    own for the features, ARCHITECTURE=FILE; None: the judge's.
    """
    card, rng = ctx.card, ctx.rng("generation track")
    halves = [np.sort(part) for part in _halves(splits.test, card, rng)]
    first, second = (splits.test.take(half) for half in halves)
    rows = requests_for(card, cell_sizes(first, card))
    masks = np.asarray(splits.val.masks)[choose_owners(rows, splits.val, card, rng)]
    seed = int(ctx.rng("generation track: images").integers(2**31))
    images = ask_for_patients(generator, rows, masks, seed)
    reader = trained_reader(splits.train, ctx, "judge", ctx.classifier.backbone)
    clip = load_clip(trained_clip(splits.train, ctx, "judge"), ctx.device)
    own = load_extractor(extractor, ctx.device) if extractor else None
    see = own.features if own else reader.features
    by = name_of_judge(ctx.classifier, own.name if own else "")
    patients = read_once(splits, reader, see, ctx, by)
    real, other = (patients.test.take(half) for half in halves)
    drawn = read(reader, see, images)
    asked = Split(images, masks, rows)
    reads_masks = getattr(generator, "reads_masks", True)
    found = {
        "n": len(first),
        "judge": by,
        "scores": {
            **_likeness(real, other, drawn, ctx),
            **_by_group(card, [(first.table, real), (rows, drawn), (second.table, other)], ctx),
            **_memory(patients.train, patients.val, real.features, drawn.features),
            **_obedience(card, asked, drawn, second, other, reads_masks),
            **_sayings(clip, asked, second, ctx),
            **_detection(splits, asked, ctx),
        },
    }
    if isinstance(generator, NeutralGenerator):
        areas = None
        if has_mask(splits.train.masks).any():
            areas = image_metrics.morphometry(patients.test.masks, len(card.mask_labels))
        judge = Judge(
            reader, trained_jury(splits.train, reader, ctx), see, clip, splits, patients.train,
            patients.val, real.features, patients.test.features, areas, ctx,
        )  # fmt: skip
        found["group_mix"] = judge_proportions(
            generator, judge, folder / "neutral.png" if with_gallery else None
        )
    write_json(folder / "generation.json", found)
    if with_gallery:
        nearest = image_metrics.nearest_rows(patients.train, drawn.features)
        draw_gallery(
            asked, splits.train.take(nearest), card, folder / "gallery.png",
            with_masks=reads_masks,
        )  # fmt: skip


def _halves(test: Split, card: TaskCard, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Deal the patients of every cell to two halves, by chance."""
    order = rng.permutation(len(test))
    cells, _ = card.encode_cells(test.table)
    order = order[np.argsort(cells[order], kind="stable")]
    return order[0::2], order[1::2]


def _entry(value: float, floor: float) -> dict[str, float | None]:
    """Keep what is defined: with few patients a measure may not be."""
    return {
        name: float(number) if np.isfinite(number) else None
        for name, number in (("value", value), ("floor", floor))
    }


def _likeness(real: Judged, other: Judged, drawn: Judged, ctx: RunContext) -> dict[str, Any]:
    """Compare drawn with real patients, and other real patients with the same ones."""
    n = len(real.features)
    clouds = {
        name: image_metrics.precision_recall_density_coverage(real.features, part.features[:n])
        for name, part in (("value", drawn), ("floor", other))
    }
    labels = len(ctx.card.mask_labels)
    shape = [image_metrics.morphometry(part.masks, labels) for part in (real, drawn, other)]
    return {
        "frechet_distance": _entry(
            image_metrics.frechet_distance(real.features, drawn.features),
            image_metrics.frechet_distance(real.features, other.features[:n]),
        ),
        "kernel_distance": _entry(
            image_metrics.kernel_distance(real.features, drawn.features),
            image_metrics.kernel_distance(real.features, other.features),
        ),
        **{name: _entry(clouds["value"][name], clouds["floor"][name]) for name in clouds["value"]},
        "similarity": _entry(
            image_metrics.similarity(drawn.images, ctx.rng("pairs")),
            image_metrics.similarity(real.images, ctx.rng("pairs")),
        ),
        "spectrum_ratio": _entry(image_metrics.spectrum_ratio(real.images, drawn.images), 1.0),
        "morphometric_distance": _entry(
            image_metrics.morphometric_distance(shape[0], shape[1]),
            image_metrics.morphometric_distance(shape[0], shape[2]),
        ),
    }


def _memory(
    train: np.ndarray, held_out: np.ndarray, real: np.ndarray, drawn: np.ndarray
) -> dict[str, Any]:
    """Ask whether drawn patients betray training patients; held out are those of val.

    The judge has learned from the training patients, so that even real test patients may lie nearer
    to them: they are the floor.
    """
    return {
        "copy_rate": _entry(
            image_metrics.copy_rate(train, held_out, drawn),
            image_metrics.copy_rate(train, held_out, real),
        ),
        "membership_auroc": _entry(
            image_metrics.membership_auroc(train, held_out, drawn),
            image_metrics.membership_auroc(train, held_out, real),
        ),
    }


def _obedience(
    card: TaskCard, asked: Split, drawn: Judged, test: Split, real: Judged, reads_masks: bool
) -> dict[str, Any]:
    """Read mask, label and attributes back, from drawn and from real patients."""
    labels = len(card.mask_labels)
    overlap = []
    for split, part, told in ((asked, drawn, reads_masks), (test, real, True)):
        there = np.flatnonzero(has_mask(split.masks)) if told else np.zeros(0, int)
        of_each = image_metrics.dice(np.asarray(split.masks)[there], part.masks[there], labels)
        overlap.append(np.nanmean(of_each, axis=0) if len(there) else np.full(labels, np.nan))
    found = {"dice": _entry(overlap[0].mean(), overlap[1].mean())}
    for k, name in enumerate(card.mask_labels):
        found[f"dice/{name}"] = _entry(overlap[0][k], overlap[1][k])
    for name in ("label", *(a.name for a in card.attributes)):
        found[f"read_back/{name}"] = _entry(
            _accuracy(card, name, asked.table, drawn), _accuracy(card, name, test.table, real)
        )
    return found


def _sayings(clip: Clip, asked: Split, test: Split, ctx: RunContext) -> dict[str, Any]:
    """Hold every image against its sentence: the mean cosine in a small CLIP of the judge's own."""
    words = ["label", *(a.name for a in ctx.card.attributes)]
    scores = [
        float(clip.score(split.images, write_sentences(split.table[words], ctx.prompt)).mean())
        for split in (asked, test)
    ]
    return {"clip_score": _entry(*scores)}


def _accuracy(card: TaskCard, name: str, table: pd.DataFrame, judged: Judged) -> float:
    in_label = name == "label"
    truth = card.encode_labels(table) if in_label else card.encode_groups(table, [name])[0]
    return float((judged.probabilities[name].argmax(1) == truth).mean())


def _detection(splits: Splits, asked: Split, ctx: RunContext) -> dict[str, Any]:
    """Train a network to tell drawn from real patients; AUROC on patients it has not seen."""
    n = len(asked)
    order, chosen = (
        ctx.rng("detector").permutation(n),
        ctx.rng("detector").permutation(len(splits.test))[:n],
    )
    real, drawn = splits.test.take(np.sort(chosen)), asked.take(order)
    card = dataclasses.replace(
        ctx.card, classes=("real", "generated"), attributes=(), intersections=()
    )
    steps = round(DETECTOR_PART * ctx.classifier.steps)
    settings = dataclasses.replace(ctx.classifier, steps=steps, evaluations=1)
    quiet = dataclasses.replace(ctx, card=card, classifier=settings, curves=[])
    shuffled = real.take(ctx.rng("detector: halves").permutation(n))
    both = [
        _told_apart(shuffled.take(part), drawn.take(part))
        for part in np.array_split(np.arange(n), 2)
    ]
    network = train_classifier(both[0], both[0], quiet, stage="detector")
    score = network.predict_proba(both[1].images)[:, 1]
    truth = card.encode_labels(both[1].table)
    found = {"detection_auroc": _entry(roc_auc_score(truth, score), 0.5)}
    for label in ctx.card.classes:
        of_label = (both[1].table["was"] == label).to_numpy()
        found[f"detection_auroc/{label}"] = _entry(
            roc_auc_score(truth[of_label], score[of_label]), 0.5
        )
    return found


def _told_apart(real: Split, drawn: Split) -> Split:
    names = ["real"] * len(real) + ["generated"] * len(drawn)
    table = pd.DataFrame({"label": names, "was": [*real.table["label"], *drawn.table["label"]]})
    return Split(
        np.concatenate([real.images, drawn.images]),
        np.concatenate([real.masks, drawn.masks]),
        table,
    )


def _by_group(
    card: TaskCard, kinds: list[tuple[pd.DataFrame, Judged]], ctx: RunContext
) -> dict[str, dict[str, Any]]:
    """Return the distance within every attribute value; kinds are real, drawn and other patients.

    As many of each kind, chosen by chance. Distances grow as n falls, so groups are compared by
    what they have above their own floor.
    """
    rng, found = ctx.rng("groups"), {}
    for attribute in card.attributes:
        for value in attribute.values:
            of_group = [
                rng.permutation(judged.features[(table[attribute.name] == value).to_numpy()])
                for table, judged in kinds
            ]
            n = min(map(len, of_group))
            known, *compared = (features[:n] for features in of_group)
            distances = [
                image_metrics.frechet_distance(known, features) if n > 1 else np.nan
                for features in compared
            ]
            name = f"frechet_distance/{attribute.name}/{value}"
            found[name] = {**_entry(*distances), "n": n}
    return found
