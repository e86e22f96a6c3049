"""The mix of groups that a generator draws for neutral prompts, compared with its target.

A group counter finds the groups: networks of another architecture and other seeds than those that
guide a method. What each of them counts stands beside what all count together. A second estimate
measures regions in the images. Some of the prompts may be used for tuning; the others are held out
from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.api.data import Splits
from benchmark.api.mix_target import Target
from benchmark.api.protocols import Generator, NeutralGenerator
from benchmark.generation.judging.anatomy import (
    anatomy_floor,
    measure_anatomy,
    shares_by_anatomy,
)
from benchmark.generation.judging.cost_of_tuning import cost_of_tuning, real_clip_score
from benchmark.generation.judging.group_counter import (
    ALL,
    CountingErrors,
    GroupCounter,
    measure_errors,
)
from benchmark.generation.judging.judge import Judge, Reading
from benchmark.generation.judging.neutral_draws import (
    IMAGES,
    NeutralPrompts,
    chosen_prompts,
    draw_each,
    picture_some,
)
from benchmark.metrics import share_metrics
from benchmark.metrics.generation.evidence import Evidence, NeutralImages
from benchmark.metrics.generation.measure import defined


@dataclass(frozen=True)
class MixJudge:
    """What judges a mix: networks, and real patients to compare with."""

    judge: Judge
    counter: GroupCounter
    splits: Splits
    real: Reading
    evidence: Evidence


@dataclass(frozen=True)
class Side:
    """What a generator drew on one side of a tuning."""

    images: np.ndarray  # (prompts, IMAGES, channels, size, size)
    mixes: dict[str, np.ndarray]  # (prompts, groups) shares, as all and as each network counts


def judge_group_mix(
    generator: NeutralGenerator, by: MixJudge, picture: Path | None
) -> dict[str, Any]:
    """Draw from neutral prompts, before tuning and after it, and count groups.

    picture: where some of the images go, side by side; None: nowhere.
    """
    ctx, target = by.judge.ctx, generator.target
    prompts = chosen_prompts(target, ctx)
    generators: dict[str, Generator] = {"after": generator}
    if generator.before is not None:
        generators = {"before": generator.before, **generators}
    images = {name: draw_each(g, prompts.table, by.splits, ctx) for name, g in generators.items()}
    if picture is not None:
        picture_some(prompts, images, picture)
    sides = {name: Side(drawn, _mixes(drawn, target, by)) for name, drawn in images.items()}
    errors = measure_errors(by.counter, prompts.table, target, by.splits, ctx.card)
    if not errors[ALL].trusted:
        ctx.say(
            "The networks that count groups hardly find these groups in real patients: do not "
            f"trust the counts. They learn for a part of the {ctx.classifier.steps} steps of the "
            "preset's section [classifier], which should be some hundreds."
        )
    return {
        **_question(target, by),
        **_counting(errors, prompts, target, by),
        "sentences": _by_prompt(prompts, sides),
        "summary": {
            kind: {
                name: _summary(side, rows, prompts, target, errors[ALL], by)
                for name, side in sides.items()
            }
            for kind, rows in prompts.kinds.items()
        },
        "cost_of_tuning": cost_of_tuning(
            {name: _seen(side, prompts, target, by) for name, side in sides.items()},
            target, by.splits, by.real, by.evidence, prompts.table,
        ),
        "real_clip_score": real_clip_score(prompts.table, prompts.words, by.splits, by.judge),
    }  # fmt: skip


def _mixes(images: np.ndarray, target: Target, by: MixJudge) -> dict[str, np.ndarray]:
    """Count the groups that each network finds, and all together: (prompts, groups) shares."""
    found = by.counter.read(images.reshape(-1, *images.shape[2:]), target)
    n = len(target.groups)
    return {
        name: np.stack([_mix(row, n) for row in p.argmax(1).reshape(images.shape[:2])])
        for name, p in found.items()
    }


def _mix(groups: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(groups, minlength=n) / max(1, len(groups))


def _seen(side: Side, prompts: NeutralPrompts, target: Target, by: MixJudge) -> NeutralImages:
    """Put the images of a side together with what the judge makes of them."""
    flat = side.images.reshape(-1, *side.images.shape[2:])
    numbers = np.repeat(np.arange(len(prompts.words)), side.images.shape[1])
    probabilities = by.judge.reader.probabilities(flat)
    return NeutralImages(
        images=flat,
        features=by.judge.extract(flat),
        prompt_cosines=by.judge.clip.score(flat, [prompts.words[i] for i in numbers]),
        prompts=numbers,
        shares=side.mixes[ALL].mean(0),
        groups=target.probabilities(probabilities),
        probabilities=probabilities,
    )


def _question(target: Target, by: MixJudge) -> dict[str, Any]:
    """Write down which mix is the target, and which train has."""
    train = target.encode(by.splits.train.table, by.evidence.card)
    return {
        "columns": list(target.columns),
        "groups": target.groups,
        "target": list(target.shares),
        "train": _mix(train, len(target.groups)).tolist(),
        "n": IMAGES,
    }


def _counting(
    errors: dict[str, CountingErrors], prompts: NeutralPrompts, target: Target, by: MixJudge
) -> dict[str, Any]:
    """Write down how the counter errs, and how far off it would count a perfect generator."""
    together = errors[ALL]
    return {
        "counter_accuracy": together.right,
        "trusted": together.trusted,
        "perfect_generator": {
            kind: _perfect_generator(together.confusion[rows], target, by)
            for kind, rows in prompts.kinds.items()
        },
        "counters": {
            name: {
                "right": one.right,
                "perfect_generator": _perfect_generator(one.confusion, target, by),
            }
            for name, one in errors.items()
        },
    }


def _perfect_generator(confusion: np.ndarray, target: Target, by: MixJudge) -> float:
    """Average over prompts how far off a perfect generator is counted to be."""
    rng, goal = by.judge.ctx.rng("by chance"), np.array(target.shares)
    return float(np.mean([share_metrics.by_chance(goal, one, IMAGES, rng) for one in confusion]))


def _by_prompt(prompts: NeutralPrompts, sides: dict[str, Side]) -> list[dict[str, Any]]:
    """Write down the shares that were counted for every prompt, with their intervals."""
    lines = []
    for place, words in enumerate(prompts.words):
        line: dict[str, Any] = {"sentence": words, "tuned": bool(prompts.tuned[place])}
        for name, side in sides.items():
            shares = side.mixes[ALL][place]
            low, high = share_metrics.wilson(shares, IMAGES)
            line[name] = {"shares": shares.tolist(), "low": low.tolist(), "high": high.tolist()}
        lines.append(line)
    return lines


def _summary(
    side: Side, rows: np.ndarray, prompts: NeutralPrompts, target: Target, errors: CountingErrors,
    by: MixJudge,
) -> dict[str, Any]:  # fmt: skip
    """Average over the prompts in rows how far off each is, and estimate the mix in other ways.

    Counts that are not to be trusted are not corrected.
    """
    shares = side.mixes[ALL][rows]
    mean = shares.mean(0)
    known = measure_anatomy(prompts.table[rows], target, by.splits, by.real, by.judge)
    rng = by.judge.ctx.rng("real mixes by anatomy")
    return {
        "inconsistency": _off(shares, target),
        "shares": mean.tolist(),
        "divergence": defined(float(share_metrics.divergence(mean, np.array(target.shares)))),
        "corrected": _corrected(shares, errors.confusion[rows]) if errors.trusted else None,
        "by_anatomy": shares_by_anatomy(side.images[rows], known, by.judge),
        "anatomy_floor": anatomy_floor(known, target, rng),
        "by_counter": {
            name: _off(mix[rows], target) for name, mix in side.mixes.items() if name != ALL
        },
    }


def _off(shares: np.ndarray, target: Target) -> float:
    """Average over prompts how far the mix, (prompts, groups), is from the target."""
    return float(share_metrics.total_variation(shares, np.array(target.shares)).mean())


def _corrected(shares: np.ndarray, confusion: np.ndarray) -> list[float] | None:
    """Average over prompts the shares that the counter's errors speak for, (groups,)."""
    each = [share_metrics.corrected(one, errs) for one, errs in zip(shares, confusion, strict=True)]
    mean = np.mean(each, axis=0)
    return mean.tolist() if np.isfinite(mean).all() else None
