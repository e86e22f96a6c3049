"""How long does the page of 200 methods x 10 tasks x 2 seeds take, and how large is it?

Run: PYTHONPATH=. python docs/measurements/large_board.py FOLDER   (a minute the first time; the
numbers are in docs/results/speed.md). FOLDER receives about 0.5 GB of run folders with made-up
scores; it is used again if it is there.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.scoring import Scored, score_predictions
from benchmark.records.config import RunConfig, write_config
from benchmark.records.result import PREDICTIONS, RunFacts, write_scored
from benchmark.records.run_folder import finish
from leaderboard.build import build
from tests.leaderboard import fake_runs as fake

METHODS, TASKS, SEEDS = 200, 10, 2
TEST_PATIENTS = 9000  # of a run
FINISHED = "2026-11-20T10:00:00+00:00"


def make(root: Path) -> None:
    """Write the run folders: scores of one fake run per task and seed, moved a little in each."""
    for task in range(TASKS):
        base = (fake.HEART, fake.BRAIN)[task % 2]
        card = replace(base, name=f"{base.name}_{task}", title=f"{base.title} {task}")
        for seed in range(SEEDS):
            template = _template(root / "templates" / f"{task}-{seed}", card, seed)
            scored = score_predictions(pd.read_parquet(template / PREDICTIONS), card)
            for place in range(METHODS):
                _write(root, card, place, seed, template, scored)
        fake.write_cohort(root / "runs" / card.name / "severity-1" / "cohort-1a2b3c4d", card)


def _template(folder: Path, card: TaskCard, seed: int) -> Path:
    """Write predictions.parquet of as many test patients as a run has."""
    folder.mkdir(parents=True)
    cells = len(fake.people(card, 1, "p"))
    table = fake.predictions(card, fake.METHODS[0], seed, per_cell=TEST_PATIENTS // cells)
    table.to_parquet(folder / PREDICTIONS)
    return folder


def _write(root: Path, card: TaskCard, place: int, seed: int, template: Path, scored) -> None:
    kind = "control" if place >= METHODS - 4 else "method"
    known = (*fake.METHODS[:1], *(m for m in fake.METHODS if m.kind == "control"))
    name = known[place - (METHODS - 4)].name if kind == "control" else f"method_{place:03d}"
    method = fake.FakeMethod(name, "baseline" if name == "erm" else kind)
    values = fake.config(card, method, seed)
    target = root / "runs" / card.name / "severity-1" / name / values["run"].rsplit("/", 1)[1]
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(parents=True)
    write_config(partial, RunConfig.model_validate_json(json.dumps(values)))
    os.link(template / PREDICTIONS, partial / PREDICTIONS)
    rng = np.random.default_rng([place, seed])
    shift = 0.08 * np.sin(place) + 0.02 * rng.normal()
    scores = tuple(_moved(score, shift) for score in scored.scores)
    draws = {key: _shifted(key.metric, drawn, shift) for key, drawn in scored.draws.items()}
    facts = RunFacts(
        seconds={"load": 1.0, "fit": 11.0 + seed, "predict": 0.6, "score": 0.4},
        steps=360,
        standard_loop=True,
        fingerprint=f"fp{seed}",
        finished=FINISHED,
    )
    write_scored(partial, facts, Scored(scores, scored.offsets, draws))
    finish(partial, target)


def _moved(score: Score, shift: float) -> Score:
    value, low, high = (
        None if number is None else float(_shifted(score.key.metric, np.array([number]), shift)[0])
        for number in (score.value, score.low, score.high)
    )
    return replace(score, value=value, low=low, high=high)


def _shifted(metric: str, values: np.ndarray, shift: float) -> np.ndarray:
    """Make a metric better by shift, within its limits."""
    sign = -1.0 if METRICS[metric].better == "lower" else 1.0
    return np.clip(values + sign * shift, *METRICS[metric].limits)


def measure(root: Path) -> None:
    """Build the page twice and say how long each took, and how large its files are."""
    for words in ("first build", "second build"):
        started = time.monotonic()
        index = build(root / "runs", root / "site")
        print(f"{words}: {time.monotonic() - started:.1f} s")
    for path in sorted((root / "site").rglob("*")):
        if path.is_file():
            print(f"{path.relative_to(root / 'site')}: {path.stat().st_size / 1e6:.2f} MB")
    print(f"first screen: {index.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if not (folder / "runs").is_dir():
        make(folder)
    measure(folder)
