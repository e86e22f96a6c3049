"""result.json: the scores of a run and what they were computed from.

draws.safetensors lies beside it: one float32 tensor "draws", (scores, 1 + RESAMPLES), with a row
per score in the order of keys_with_draws: as measured, then resampled. Scores of other code or of
other predictions than there are now do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from safetensors import SafetensorError
from safetensors.numpy import load, save

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score, ScoreKey
from benchmark.discovery.code_digest import code_digest
from benchmark.metrics import scoring
from benchmark.metrics.catalogue import METRICS, Metric
from benchmark.metrics.decision import Offsets
from benchmark.metrics.scoring import (
    RESAMPLES,
    Scored,
    keys_with_draws,
    score_keys,
    score_predictions,
)
from benchmark.records.base import Part, Record, read_record, write_record
from benchmark.support.cache import digest
from benchmark.support.files import bytes_digest, write_bytes

RESULT, DRAWS, PREDICTIONS = "result.json", "draws.safetensors", "predictions.parquet"
ROUNDING = 1e-6  # sums of weights may overstep a limit in their last digits, of float32
LARGEST = 1_000_000  # bytes of draws.safetensors that are read
TENSOR = "draws"

Ceilings = Mapping[ScoreKey, float]  # the accuracy that can be learnt of each cell


class RunFacts(Part):
    """What a run cost and what it ran on; scoring again keeps it."""

    seconds: dict[str, float]  # by step of the run
    steps: int | None  # of training; None: a loop of its own did not count them
    standard_loop: bool  # whether train_classifier has trained for this run
    fingerprint: str  # of the data
    finished: str  # ISO 8601, UTC
    # the predictor's own; None: it has none, so one half
    own_threshold: Annotated[float, Field(gt=0, lt=1)] | None = None


class Scoring(Part):
    """What the scores rest on, as digests."""

    code: str  # of the metrics
    predictions: str  # of predictions.parquet
    draws: str  # of draws.safetensors
    versions: dict[str, int] = Field(default_factory=dict)  # of each metric
    ceilings: str = ""  # of the cells' ceilings; empty: there were none


class Result(Record):
    """The content of result.json."""

    run: RunFacts
    scoring: Scoring
    threshold: float | None  # None: more than two classes
    offsets: Offsets = ()  # of the decision rule; empty: made before it had some
    scores: tuple[Score, ...]


def read_result(folder: Path) -> Result:
    """Read result.json; raises UnreadableRecord."""
    return read_record(folder / RESULT, Result)


def write_result(
    folder: Path, card: TaskCard, run: RunFacts, ceilings: Ceilings | None = None
) -> None:
    """Score predictions.parquet and write result.json and draws.safetensors beside it.

    ceilings: of the run's cohort. The draws are written first: a result.json whose digest they do
    not have does not count.
    """
    write_scored(folder, run, score_folder(folder, card, run, ceilings), ceilings)


def write_scored(
    folder: Path, run: RunFacts, scored: Scored, ceilings: Ceilings | None = None
) -> None:
    """Write scores that predictions.parquet was found to have under these ceilings."""
    tensor = np.array(list(scored.draws.values()), dtype=np.float32)
    draws = save({TENSOR: tensor})
    write_bytes(folder / DRAWS, draws)
    scoring = Scoring(
        code=scoring_digest(),
        predictions=bytes_digest((folder / PREDICTIONS).read_bytes()),
        draws=bytes_digest(draws),
        versions={score.key.metric: METRICS[score.key.metric].version for score in scored.scores},
        ceilings=ceilings_digest(ceilings),
    )
    result = Result(
        run=run,
        scoring=scoring,
        threshold=scored.threshold,
        offsets=scored.offsets,
        scores=scored.scores,
    )
    write_record(folder / RESULT, result)


def score_folder(
    folder: Path, card: TaskCard, run: RunFacts, ceilings: Ceilings | None = None
) -> Scored:
    """Score predictions.parquet; raises OSError or ValueError if it cannot be scored."""
    predictions = pd.read_parquet(folder / PREDICTIONS)
    return score_predictions(predictions, card, own_threshold=run.own_threshold, ceilings=ceilings)


def ceilings_digest(ceilings: Ceilings | None) -> str:
    """Identify ceilings; empty where there are none."""
    entries = [[astuple(key), best] for key, best in (ceilings or {}).items()]
    return digest(sorted(entries, key=repr)) if entries else ""


@cache
def scoring_digest() -> str:
    """Identify the code of the metrics; it is looked up once, not once per run."""
    return code_digest(Path(scoring.__file__))


def stored_scores(
    folder: Path, card: TaskCard, result: Result, ceilings: Ceilings | None = None
) -> Scored | None:
    """Return what a run was scored with if today's code and ceilings give the same, else None.

    None too where predictions or draws are missing, damaged, or of another run or card, and where
    a number is none that its metric can have.
    """
    if result.scoring.code != scoring_digest():
        return None
    if result.scoring.ceilings != ceilings_digest(ceilings):
        return None
    if [score.key for score in result.scores] != score_keys(card):
        return None
    if not all(map(_possible, result.scores)):
        return None
    path = folder / PREDICTIONS
    if not path.is_file() or bytes_digest(path.read_bytes()) != result.scoring.predictions:
        return None
    draws = _read_draws(folder, card, result)
    return None if draws is None else Scored(result.scores, result.offsets, draws)


def known_draws(
    folder: Path, card: TaskCard, values: np.ndarray
) -> dict[ScoreKey, np.ndarray] | None:
    """Read draws that were checked before; None where they are missing or of another form.

    values: of all scores, in the order of score_keys, NaN where undefined; they stand first in
    the draws.
    """
    try:
        content = (folder / DRAWS).read_bytes()
    except OSError:
        return None
    tensor = _tensor(content)
    keys, places = _drawn(card, tuple(METRICS))
    if tensor is None or tensor.shape[0] != len(keys):
        return None
    draws = tensor.astype(np.float64)
    draws[:, 0] = values[places]
    return dict(zip(keys, draws, strict=True))


def _tensor(content: bytes) -> np.ndarray | None:
    """Return the draws of a file as it is written, (scores, 1 + RESAMPLES), or None."""
    try:
        tensor = load(content).get(TENSOR)
    except SafetensorError:
        return None
    if tensor is None or tensor.shape[1:] != (1 + RESAMPLES,) or tensor.dtype != np.float32:
        return None
    return tensor


@cache
def _drawn(card: TaskCard, metrics: tuple[str, ...]) -> tuple[list[ScoreKey], np.ndarray]:
    """Return the scores whose draws are kept, and their places among all scores."""
    keys, places = keys_with_draws(card), {key: n for n, key in enumerate(score_keys(card))}
    return keys, np.array([places[key] for key in keys], dtype=np.int64)


def _read_draws(folder: Path, card: TaskCard, result: Result) -> dict[ScoreKey, np.ndarray] | None:
    """Read draws, but only those that belong to a result and are possible."""
    path = folder / DRAWS
    if not path.is_file() or path.stat().st_size > LARGEST:
        return None
    content = path.read_bytes()
    if bytes_digest(content) != result.scoring.draws:
        return None
    values = np.array([score.value for score in result.scores], dtype=np.float64)  # None is NaN
    draws, tensor = known_draws(folder, card, values), _tensor(content)
    if draws is None or tensor is None:
        return None
    first = np.array([drawn[0] for drawn in draws.values()], dtype=np.float32)
    same = np.array_equal(first, tensor[:, 0], equal_nan=True)
    possible = all(_within(METRICS[key.metric], drawn) for key, drawn in draws.items())
    return draws if same and possible else None


def _possible(score: Score) -> bool:
    low, high = METRICS[score.key.metric].limits
    told = (number for number in (score.value, score.low, score.high) if number is not None)
    return all(low - ROUNDING <= number <= high + ROUNDING for number in told)


def _within(metric: Metric, numbers: np.ndarray) -> bool:
    """Say whether numbers lie within a metric's limits; NaN is an undefined one."""
    low, high = metric.limits
    return not bool(((numbers < low - ROUNDING) | (numbers > high + ROUNDING)).any())
