"""result.json: the scores of a run and what they were computed from.

draws.safetensors lies beside it: each overall metric, (1 + RESAMPLES,), as measured and then
resampled. Scores of other code or of other predictions than there are now do not count.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load, save

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score
from benchmark.discovery.code_digest import code_digest
from benchmark.metrics import scoring
from benchmark.metrics.catalogue import METRICS, Metric
from benchmark.metrics.scoring import (
    RESAMPLES,
    Scored,
    keys_with_draws,
    score_keys,
    score_predictions,
)
from benchmark.records.base import Part, Record, read_record, write_record
from benchmark.support.files import bytes_digest, write_bytes

RESULT, DRAWS, PREDICTIONS = "result.json", "draws.safetensors", "predictions.parquet"
ROUNDING = 1e-9  # sums of weights may overstep a limit in their last digits
LARGEST = 1_000_000  # bytes of draws.safetensors that are read


class RunFacts(Part):
    """What a run cost and what it ran on; scoring again keeps it."""

    seconds: dict[str, float]  # by step of the run
    steps: int | None  # of training; None: a loop of its own did not count them
    standard_loop: bool  # whether train_classifier has trained for this run
    fingerprint: str  # of the data
    finished: str  # ISO 8601, UTC


class Scoring(Part):
    """What the scores rest on, as digests."""

    code: str  # of the metrics
    predictions: str  # of predictions.parquet
    draws: str  # of draws.safetensors


class Result(Record):
    """The content of result.json."""

    run: RunFacts
    scoring: Scoring
    threshold: float | None  # None: the most probable class is the answer
    scores: tuple[Score, ...]


def read_result(folder: Path) -> Result:
    """Read result.json; raises UnreadableRecord."""
    return read_record(folder / RESULT, Result)


def write_result(folder: Path, card: TaskCard, run: RunFacts) -> None:
    """Score predictions.parquet and write result.json and draws.safetensors beside it.

    The draws are written first: a result.json whose digest they do not have does not count.
    """
    scored = score_folder(folder, card)
    draws = save(scored.draws)
    write_bytes(folder / DRAWS, draws)
    predictions = bytes_digest((folder / PREDICTIONS).read_bytes())
    digests = Scoring(code=scoring_digest(), predictions=predictions, draws=bytes_digest(draws))
    result = Result(
        run=run, scoring=digests, threshold=scored.threshold, scores=tuple(scored.scores)
    )
    write_record(folder / RESULT, result)


def score_folder(folder: Path, card: TaskCard) -> Scored:
    """Score predictions.parquet; raises OSError or ValueError if it cannot be scored."""
    return score_predictions(pd.read_parquet(folder / PREDICTIONS), card)


@cache
def scoring_digest() -> str:
    """Identify the code of the metrics."""
    return code_digest(Path(scoring.__file__))


def stored_scores(folder: Path, card: TaskCard, result: Result) -> Scored | None:
    """Return what a run was scored with if today's code gives the same, else None.

    None too where predictions or draws are missing, damaged, or of another run or card, and where
    a number is none that its metric can have.
    """
    if result.scoring.code != scoring_digest():
        return None
    if [score.key for score in result.scores] != score_keys(card):
        return None
    if not all(map(_possible, result.scores)):
        return None
    path = folder / PREDICTIONS
    if not path.is_file() or bytes_digest(path.read_bytes()) != result.scoring.predictions:
        return None
    draws = _read_draws(folder / DRAWS, card, result)
    return None if draws is None else Scored(result.scores, result.threshold, draws)


def known_draws(folder: Path, card: TaskCard) -> dict[str, np.ndarray] | None:
    """Read draws that were checked before; None where they are missing or of another form."""
    try:
        draws = load((folder / DRAWS).read_bytes())
    except (OSError, SafetensorError):
        return None
    whole = draws.keys() == _drawn(card) and all(_formed(drawn) for drawn in draws.values())
    return draws if whole else None


@cache
def _drawn(card: TaskCard) -> frozenset[str]:
    return frozenset(key.metric for key in keys_with_draws(card))


def _formed(drawn: np.ndarray) -> bool:
    return drawn.shape == (1 + RESAMPLES,) and drawn.dtype == np.float64


def _read_draws(path: Path, card: TaskCard, result: Result) -> dict[str, np.ndarray] | None:
    if not path.is_file() or path.stat().st_size > LARGEST:
        return None
    content = path.read_bytes()
    if bytes_digest(content) != result.scoring.draws:
        return None
    try:
        draws = load(content)
    except SafetensorError:
        return None
    values = {score.key: score.value for score in result.scores}
    kept = {key.metric: values[key] for key in keys_with_draws(card)}
    whole = draws.keys() == kept.keys() and all(
        _formed(drawn)
        and _same(drawn[0], kept[metric])
        and _within(METRICS[metric], drawn)
        for metric, drawn in draws.items()
    )  # fmt: skip
    return draws if whole else None


def _possible(score: Score) -> bool:
    told = [number for number in (score.value, score.low, score.high) if number is not None]
    return _within(METRICS[score.key.metric], np.array(told))


def _within(metric: Metric, numbers: np.ndarray) -> bool:
    """Say whether numbers lie within a metric's limits; NaN is an undefined one."""
    low, high = metric.limits
    defined = numbers[~np.isnan(numbers)]
    return bool(((defined >= low - ROUNDING) & (defined <= high + ROUNDING)).all())


def _same(drawn: float, value: float | None) -> bool:
    return bool(np.isnan(drawn)) if value is None else bool(drawn == value)
