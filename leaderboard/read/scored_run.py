"""A finished run as the page needs it: its scores and draws, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score, ScoreKey
from benchmark.metrics.scoring import Scored, score_keys
from benchmark.records.base import UnreadableRecord
from benchmark.records.checked import Checked
from benchmark.records.cohort import ceilings_beside
from benchmark.records.config import RunConfig, read_config
from benchmark.records.generation import GENERATION, Generation, read_generation
from benchmark.records.result import (
    Result,
    RunFacts,
    known_draws,
    read_result,
    score_folder,
    stored_scores,
)
from benchmark.records.run_folder import Status, outcome
from leaderboard.read.index import Index, Known, Stamp, stamp_of
from leaderboard.read.score_table import ScoreKeys, ScoreTable, table_of

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_LIMIT = 600_000  # bytes; the page is mailed

RunKey = tuple[int, str]  # seed and fingerprint of the data: what two runs share to be compared


@dataclass(frozen=True)
class FoundRun:
    """One run as it lies on disk, before its scores were looked at."""

    folder: Path
    status: Status
    config: RunConfig
    error: str | None = None  # None unless failed
    stamp: Stamp = ()  # of its files, before they were read
    known: Known | None = None  # from the index
    result: Result | None = None  # None unless done and not known
    unchecked: str = ""  # why nobody knows whether its labels are those of its cohort

    @property
    def facts(self) -> RunFacts | None:
        """What a finished run has cost; None of any other."""
        if self.known:
            return self.known.facts
        return self.result.run if self.result else None

    @property
    def finished(self) -> str:
        """When the run finished; empty if it did not."""
        return self.facts.finished if self.facts else ""


@dataclass(frozen=True)
class ScoredRun:
    """A finished run: scores and draws from its predictions, facts from what it recorded."""

    config: RunConfig
    facts: RunFacts
    table: ScoreTable
    threshold: float | None  # None: more than two classes
    draws: Mapping[ScoreKey, np.ndarray]  # of each score that keeps them, (1 + resamples,)
    generation: Generation | None  # how the run's generator was judged
    gallery: bytes | None  # a PNG of what it draws
    neutral: bytes | None = None  # a PNG of what it draws for neutral sentences
    unreadable: str = ""  # why generation.json could not be read; its numbers are not shown

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """All scores."""
        return self.table.scores()

    @property
    def seed(self) -> int:
        """The seed the run was made with."""
        return self.config.seed

    @property
    def key(self) -> RunKey:
        """Seed and data: runs of two rows with the same key are compared."""
        return self.seed, self.facts.fingerprint


def find_run(folder: Path, index: Index | None) -> FoundRun:
    """Read a run folder; result.json only where the index does not know the run.

    Raises UnreadableRecord.
    """
    config = read_config(folder)
    status, error = outcome(folder)
    if status != "done":
        return FoundRun(folder, status, config, error)
    stamp = stamp_of(folder, config.cohort)
    known = index.get(folder, stamp) if index is not None else None
    result = None if known else read_result(folder)
    return FoundRun(folder, status, config, None, stamp, known, result)


def one_per_seed(runs: Sequence[FoundRun]) -> list[FoundRun]:
    """Sort runs by seed; of one run under two names of a preset, keep the newest that ended."""
    kept: dict[int, FoundRun] = {}
    for run in sorted(runs, key=lambda run: (run.status == "done", run.finished)):
        kept[run.config.seed] = run
    return [kept[seed] for seed in sorted(kept)]


def score_run(run: FoundRun, card: TaskCard, index: Index | None) -> ScoredRun | FoundRun:
    """Take a finished run's stored scores, or score it in memory where they do not count.

    A run whose predictions cannot be scored comes back as failed.
    index: None: believe no stored score, and score the predictions whatever the run says.
    """
    try:
        known, draws = _from_index(run, card) or _from_folder(run, card, index)
    except OSError as error:
        # Its own words would print the folders of this machine on a public page.
        return _failed(run, f"predictions.parquet cannot be read ({type(error).__name__}).")
    except ValueError as error:
        return _failed(run, str(error).replace(str(run.folder), "."))
    generation, gallery, neutral, unreadable = _generation_of(run.folder)
    return ScoredRun(
        run.config, known.facts, known.table, known.threshold, draws,
        generation, gallery, neutral, unreadable,
    )  # fmt: skip


def _from_index(
    run: FoundRun, card: TaskCard
) -> tuple[Known, Mapping[ScoreKey, np.ndarray]] | None:
    if run.known is None or run.known.table.keys.digest != _digest(card):
        return None
    draws = known_draws(run.folder, card, run.known.table.values[:, 0])
    return None if draws is None else (run.known, draws)


@cache
def _digest(card: TaskCard) -> str:
    """Identify the addresses of all scores of a run on this card."""
    return ScoreKeys(tuple(score_keys(card))).digest


def _from_folder(
    run: FoundRun, card: TaskCard, index: Index | None
) -> tuple[Known, Mapping[ScoreKey, np.ndarray]]:
    result = run.result or read_result(run.folder)
    best = ceilings_beside(run.folder, run.config.cohort, card)
    stored = stored_scores(run.folder, card, result, best) if index is not None else None
    scored: Scored = stored or score_folder(run.folder, card, result.run, best)
    known = Known(result.run, scored.threshold, table_of(scored.scores))
    if index is not None and stored:
        index.add(run.folder, run.stamp, known)
    return known, scored.draws


def _generation_of(
    folder: Path,
) -> tuple[Generation | None, bytes | None, bytes | None, str]:
    """Read how the generator was judged and what it draws, or say why that cannot be read."""
    if not (folder / GENERATION).exists():
        return None, None, None, ""
    gallery, neutral = (read_png(folder, name) for name in ("gallery.png", "neutral.png"))
    try:
        return read_generation(folder), gallery, neutral, ""
    except UnreadableRecord as error:
        return None, gallery, neutral, str(error)


def read_png(folder: Path, name: str) -> bytes | None:
    """Read a PNG of this very folder; None if it is not there, is no PNG, too large or a link."""
    inside = folder.resolve()
    try:
        path = (inside / name).resolve()
        if path.parent != inside or not path.is_file() or path.stat().st_size > PICTURE_LIMIT:
            return None
        png = path.read_bytes()
    except (OSError, ValueError):  # a name that no file can have, or a file nobody may read
        return None
    return png if png.startswith(PNG_SIGNATURE) else None


class TableCheck(Protocol):
    """Compares the tables of runs with their cohorts; the engine brings it."""

    def of(self, folder: Path, config: RunConfig) -> Checked:
        """Compare a run's labels and attributes with its cohort's."""
        ...

    def summary(self) -> str:
        """Say how many runs were compared, and why others were not."""
        ...


def compared(run: FoundRun, check: TableCheck | None) -> FoundRun:
    """Return a finished run as failed if its table is not that of its cohort, or say why nobody
    knows.
    """
    if check is None or run.status != "done":
        return run
    found = check.of(run.folder, run.config)
    if found.wrong:
        return _failed(run, f"Its table is not its cohort's: {found.wrong}.")
    return replace(run, unchecked=found.unknown)


def as_declared(run: FoundRun, rivals: Mapping[str, tuple[str, ...]]) -> FoundRun:
    """Let a method's code at hand say what the method must beat, not its config.json."""
    method = run.config.method
    named = rivals.get(method.name, method.compare_with)
    if named == method.compare_with:
        return run
    own = method.model_copy(update={"compare_with": named})
    return replace(run, config=run.config.model_copy(update={"method": own}))


def _failed(run: FoundRun, reason: str) -> FoundRun:
    words = f"Its predictions cannot be scored. {' '.join(reason.split())}"
    return replace(run, status="failed", known=None, result=None, error=words)
