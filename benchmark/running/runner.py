"""One run, top to bottom. No method or predictor gets test labels."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmark.api.protocols import Method, Task, generator_of, is_generator, judge_of
from benchmark.cohorts.checks import check_splits
from benchmark.planning.run_spec import RunSpec
from benchmark.records.cohort import ceilings_beside
from benchmark.records.config import RunConfig, write_config
from benchmark.records.history import write_history
from benchmark.records.result import RunFacts, write_result
from benchmark.running.own_threshold import own_threshold
from benchmark.running.predictions import (
    JUDGE,
    fit,
    make_context,
    make_repeatable,
    predict,
    threshold_patients,
    visible,
)
from benchmark.support import progress


def run(
    task: Task,
    method: Method,
    spec: RunSpec,
    config: RunConfig,
    folder: Path,
    say: Callable[[str], None] = progress.say,
) -> None:
    """Do one run and write its files into folder; it is finished when this returns."""
    write_config(folder, config)
    make_repeatable(spec)
    clock = _Clock()

    # 1. The patients, checked.
    splits = task.load(spec.source, spec.variant, spec.seed)
    check_splits(splits, task.card)
    clock.lap("load")

    # 2. Fit on train and val, with or without the attribute columns, as the method declared.
    ctx = make_context(task, method, spec, say)
    train = visible(splits.train, task.card, method)
    val = visible(splits.val, task.card, method)
    predictor = fit(method, train, val, ctx)
    write_history(folder, ctx.curves)
    clock.lap("fit")

    # 3. Predict: images travel without labels, and without attributes unless declared.
    asked = {**splits.parts(), "val": threshold_patients(predictor, method, splits.val)}
    del asked["train"]
    predictions = predict(predictor, method, task.card, asked, spec.seed, say)
    predictions.to_parquet(folder / "predictions.parquet")
    clock.lap("predict")

    # 4. A generator is asked for patients of its own, and judged by real ones.
    generator = generator_of(predictor)
    if is_generator(generator):
        # Imported here: diffusers takes seconds.
        from benchmark.generation.judging.track import judge_generator

        judge = make_context(task, JUDGE, spec, say)
        judged = spec.preset.generator.judged if spec.preset.generator else None
        judge_generator(
            generator, splits, judge, folder, with_gallery=spec.data is None,
            official=judge_of(task, spec.source), judged=judged, extractor=spec.extractor,
        )  # fmt: skip
        clock.lap("judge")

    # 5. Score what was saved, and nothing else.
    facts = RunFacts(
        seconds=clock.seconds,
        steps=ctx.steps if ctx.steps_reported else None,
        standard_loop=ctx.standard_loop,
        fingerprint=splits.fingerprint,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        own_threshold=own_threshold(predictor, method, task.card),
    )
    write_result(folder, task.card, facts, ceilings_beside(folder, config.cohort, task.card))


class _Clock:
    """Names the seconds since the last lap."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now
