"""Whom does a generator draw when nobody says whom? Its mix of groups, held against a target.

Counted by a jury of networks of another architecture and other seeds than what guides a method
(benchmark/jury.py); what each of them counts stands beside what all do. And judged by measuring
regions in the image itself. Asked are neutral sentences that may be tuned on, and others that are
held out from tuning (benchmark/target.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard, group_words
from benchmark.api.context import RunContext
from benchmark.api.data import Splits
from benchmark.api.mix_target import Target
from benchmark.api.protocols import Generator, NeutralGenerator
from benchmark.generation.judging.cost_of_tuning import distances_of_mix, price, real_clip_score
from benchmark.generation.judging.gallery import draw_before_and_after
from benchmark.generation.judging.group_counter import (
    FEWEST,
    TOGETHER,
    Jury,
    as_in_train,
    effective_number,
    errors_of,
    fits,
)
from benchmark.generation.judging.real_features import Judge
from benchmark.generation.metrics import image_metrics
from benchmark.generation.neutral_prompts import neutral_requests, spread
from benchmark.generation.patient_requests import ask_for_patients
from benchmark.generation.text_image_model import write_sentences
from benchmark.metrics import share_metrics

IMAGES = 64  # of each sentence
MEASURED = 24  # of them whose regions are measured, which costs more than counting
TUNED, HELD_OUT = 8, 4  # sentences of each kind, or fewer where the card has fewer
PICTURED, SHOWN = 4, 10  # sentences and images of each that the picture shows


def judge_proportions(
    generator: NeutralGenerator, judge: Judge, picture: Path | None
) -> dict[str, Any]:
    """Draw from neutral sentences, before tuning and after it, and count groups.

    picture: where some of the images go, side by side; None: nowhere.
    """
    card, target = judge.ctx.card, generator.target
    sentences, tuned = neutral_sentences(card, target)
    words = write_sentences(sentences, judge.ctx.prompt)
    sides: dict[str, Generator] = {"after": generator}
    if generator.before is not None:
        sides = {"before": generator.before, **sides}
    images = {
        name: draw_each(side, sentences, judge.splits, judge.ctx) for name, side in sides.items()
    }
    if picture is not None:
        _draw_some(words, tuned, images, picture)
    features = {n: judge.see(drawn.reshape(-1, *drawn.shape[2:])) for n, drawn in images.items()}
    mixes = {name: _mixes(drawn, target, judge.jury) for name, drawn in images.items()}
    shares = {name: counted[TOGETHER].mean(0) for name, counted in mixes.items()}
    errors = errors_of(judge.jury, sentences, target, judge.splits, card)
    jury = errors[TOGETHER]
    if not jury.trusted:
        judge.ctx.say(
            "Whom it draws is counted by a jury that hardly tells these groups in real patients: "
            f"not to be trusted. It learns for a part of the {judge.ctx.classifier.steps} steps of "
            "the preset's section [classifier], which should be some hundreds."
        )

    def summary(name: str, rows: np.ndarray) -> dict[str, Any]:
        said = jury.said[rows] if jury.trusted else None
        drawn, counted = images[name][rows], mixes[name]
        measured = _summary(counted[TOGETHER][rows], drawn, sentences[rows], target, said, judge)
        alone = {who: _off(mix[rows], target) for who, mix in counted.items() if who != TOGETHER}
        return {**measured, "by_counter": alone}

    kinds = {kind: rows for kind, rows in (("tuned", tuned), ("held_out", ~tuned)) if rows.any()}

    return {
        "columns": list(target.columns),
        "groups": [group_words(group) for group in target.groups],
        "target": list(target.shares),
        "train": _mix(target.encode(judge.splits.train.table, card), len(target.groups)).tolist(),
        "n": IMAGES,
        "counter_accuracy": jury.right,
        "trusted": jury.trusted,
        "perfect_generator": {
            kind: _by_chance(jury.said[rows], target, judge) for kind, rows in kinds.items()
        },
        "counters": {
            who: {"right": one.right, "perfect_generator": _by_chance(one.said, target, judge)}
            for who, one in errors.items()
        },
        "sentences": _by_sentence(words, tuned, {n: m[TOGETHER] for n, m in mixes.items()}),
        "summary": {
            kind: {name: summary(name, rows) for name in sides} for kind, rows in kinds.items()
        },
        "cost_of_tuning": {
            name: {
                **price(images[name], features[name], words, judge),
                "frechet_distance_of_mix": distance,
            }
            for name, distance in distances_of_mix(features, shares, target, judge).items()
        },
        "real_clip_score": real_clip_score(sentences, words, judge),
    }


def neutral_sentences(card: TaskCard, target: Target) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the sentences that are asked, one row each, and which of them may be tuned on."""
    kinds = [
        spread(table, n)
        for table, n in zip(neutral_requests(card, target.columns), (TUNED, HELD_OUT), strict=True)
    ]
    sentences = pd.concat(kinds, ignore_index=True)
    return sentences, np.arange(len(sentences)) < len(kinds[0])


def _draw_some(
    words: list[str], tuned: np.ndarray, images: dict[str, np.ndarray], picture: Path
) -> None:
    """Draw images of a few sentences, before tuning above after it."""
    shown = np.linspace(0, tuned.sum() - 1, min(PICTURED, tuned.sum())).round().astype(int)
    before = images.get("before")
    draw_before_and_after(
        [words[i] for i in shown],
        None if before is None else before[shown][:, :SHOWN],
        images["after"][shown][:, :SHOWN],
        picture,
    )


def draw_each(
    generator: Generator, sentences: pd.DataFrame, splits: Splits, ctx: RunContext
) -> np.ndarray:
    """Draw (sentences, IMAGES, channels, size, size); the same seed on both sides of a tuning."""
    rows = sentences.loc[np.repeat(sentences.index, IMAGES)].reset_index(drop=True)
    size = splits.train.masks.shape[1:]
    nobody = np.zeros((len(rows), *size), np.uint8)
    seed = int(ctx.rng("neutral sentences").integers(2**31))
    drawn = ask_for_patients(generator, rows, nobody, seed)
    return drawn.reshape(len(sentences), IMAGES, *size)


def _mixes(images: np.ndarray, target: Target, jury: Jury) -> dict[str, np.ndarray]:
    """Count the groups that jurors find, each and together: (sentences, groups) shares."""
    found = jury.read(images.reshape(-1, *images.shape[2:]), target)
    n = len(target.groups)
    return {
        who: np.stack([_mix(row, n) for row in p.argmax(1).reshape(images.shape[:2])])
        for who, p in found.items()
    }


def _mix(groups: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(groups, minlength=n) / max(1, len(groups))


def _by_chance(said: np.ndarray, target: Target, judge: Judge) -> float:
    """Average over sentences how far off a perfect generator is counted to be."""
    rng, goal = judge.ctx.rng("by chance"), np.array(target.shares)
    return float(np.mean([share_metrics.by_chance(goal, one, IMAGES, rng) for one in said]))


def _by_sentence(
    words: list[str], tuned: np.ndarray, mixes: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    lines = []
    for place, sentence in enumerate(words):
        line: dict[str, Any] = {"sentence": sentence, "tuned": bool(tuned[place])}
        for name, shares in mixes.items():
            low, high = share_metrics.wilson(shares[place], IMAGES)
            line[name] = {
                "shares": shares[place].tolist(), "low": low.tolist(), "high": high.tolist()
            }  # fmt: skip
        lines.append(line)
    return lines


def _summary(
    shares: np.ndarray, images: np.ndarray, sentences: pd.DataFrame, target: Target,
    said: np.ndarray | None, judge: Judge,
) -> dict[str, Any]:  # fmt: skip
    """Average over sentences what each is off by, and say what the mix is by other measures.

    said: how the jury errs, (sentences, k, g); None: it is not to be relied on, so nothing is
    corrected.
    """
    goal = np.array(target.shares)
    off = share_metrics.divergence(shares.mean(0), goal)
    return {
        "inconsistency": _off(shares, target),
        "shares": shares.mean(0).tolist(),
        "divergence": float(off) if np.isfinite(off) else None,
        "corrected": None if said is None else _finite(_corrected(shares, said)),
        "by_anatomy": _by_anatomy(images, sentences, target, judge),
    }


def _off(shares: np.ndarray, target: Target) -> float:
    """Average over sentences how far the mix, (sentences, groups), is from the target."""
    return float(share_metrics.total_variation(shares, np.array(target.shares)).mean())


def _corrected(shares: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Average over sentences the shares that the jury's errors speak for, (groups,)."""
    each = [share_metrics.corrected(one, errs) for one, errs in zip(shares, said, strict=True)]
    return np.mean(each, axis=0)


def _finite(values: np.ndarray) -> list[float] | None:
    return values.tolist() if np.isfinite(values).all() else None


def _by_anatomy(
    images: np.ndarray, sentences: pd.DataFrame, target: Target, judge: Judge
) -> list[float] | None:
    """Estimate the mix from areas of regions in the images alone; None where that cannot be.

    For every sentence, the drawn images' mean areas are held against those of real test patients
    whom the sentence fits, group by group, other things mixed within a group as in train.
    """
    card, test = judge.ctx.card, judge.splits.test
    if judge.areas is None:
        return None
    labels = len(card.mask_labels)
    groups, weights = (
        target.encode(test.table, card),
        as_in_train(test, judge.splits.train, card),
    )
    drawn, known, within, counts = [], [], [], []
    for place in range(len(images)):
        whom = fits(test.table, sentences.iloc[place]) & (weights > 0)
        parts = [np.flatnonzero(whom & (groups == g)) for g in range(len(target.groups))]
        if min(effective_number(weights[part]) for part in parts) < FEWEST:
            continue
        areas = image_metrics.morphometry(judge.reader.masks(images[place][:MEASURED]), labels)
        drawn.append(areas.mean(0))
        means = [np.average(judge.areas[part], axis=0, weights=weights[part]) for part in parts]
        known.append(np.stack(means))
        within += [judge.areas[part] - mean for part, mean in zip(parts, means, strict=True)]
        counts += [weights[part] for part in parts]
    if not drawn:
        return None
    spread_within = np.atleast_2d(np.cov(np.concatenate(within).T, aweights=np.concatenate(counts)))
    return _finite(share_metrics.share_by_means(np.stack(drawn), np.stack(known), spread_within))
