"""A finished run as the page needs it: its scores and draws, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score
from benchmark.metrics.scoring import Scored
from benchmark.records.base import UnreadableRecord
from benchmark.records.config import RunConfig
from benchmark.records.generation import Generation
from benchmark.records.result import Result, RunFacts, score_folder, stored_scores
from benchmark.records.run_folder import RunRecord

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_LIMIT = 600_000  # bytes; the page is mailed

RunKey = tuple[int, str]  # seed and fingerprint of the data: what two runs share to be compared


@dataclass(frozen=True)
class ScoredRun:
    """A finished run: scores and draws from its predictions, facts from what it recorded."""

    config: RunConfig
    facts: RunFacts
    scored: Scored
    generation: Generation | None  # how the run's generator was judged
    gallery: bytes | None  # a PNG of what it draws
    neutral: bytes | None = None  # a PNG of what it draws for neutral sentences
    unreadable: str = ""  # why generation.json could not be read; its numbers are not shown

    @property
    def scores(self) -> tuple[Score, ...]:
        """All scores."""
        return self.scored.scores

    @property
    def draws(self) -> dict[str, np.ndarray]:
        """Each overall metric, (1 + resamples,)."""
        return self.scored.draws

    @property
    def seed(self) -> int:
        """The seed the run was made with."""
        return self.config.seed

    @property
    def key(self) -> RunKey:
        """Seed and data: runs of two rows with the same key are compared."""
        return self.seed, self.facts.fingerprint


def score_run(
    run: RunRecord, card: TaskCard, result: Result, *, rescore: bool = False
) -> ScoredRun | RunRecord:
    """Take a finished run's stored scores, or score it in memory where they do not count.

    A run whose predictions cannot be scored comes back as failed.
    rescore: believe no stored score, and score the predictions whatever the run says.
    """
    try:
        scored = None if rescore else stored_scores(run.folder, card, result)
        scored = scored or score_folder(run.folder, card)
    except OSError as error:
        # Its own words would print the folders of this machine on a public page.
        return _failed(run, f"predictions.parquet cannot be read ({type(error).__name__}).")
    except ValueError as error:
        return _failed(run, str(error).replace(str(run.folder), "."))
    generation, unreadable = _generation_of(run)
    gallery, neutral = (read_png(run.folder, name) for name in ("gallery.png", "neutral.png"))
    return ScoredRun(run.config, result.run, scored, generation, gallery, neutral, unreadable)


def _generation_of(run: RunRecord) -> tuple[Generation | None, str]:
    """Read how the generator was judged, or say why that cannot be read."""
    try:
        return run.generation(), ""
    except UnreadableRecord as error:
        return None, str(error)


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


def _failed(run: RunRecord, reason: str) -> RunRecord:
    words = f"Its predictions cannot be scored. {' '.join(reason.split())}"
    return replace(run, status="failed", result=None, error=words)
