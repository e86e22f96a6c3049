"""A finished run with the scores that its saved predictions have, whatever it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.api.card import TaskCard
from benchmark.api.scores import Score
from benchmark.metrics.scoring import score_with_draws
from benchmark.records.run_folder import RunRecord

RESAMPLES = 500  # of patients; as many as a run is scored with when it ends
BOOTSTRAP_SEED = 20240  # one for all runs: it is what pairs their resamples

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_LIMIT = 600_000  # bytes; the page is mailed

RunKey = tuple[int, str]  # seed and fingerprint of the data: what two runs share to be compared


@dataclass(frozen=True)
class ScoredRun:
    """A finished run: scores and draws from its predictions, facts from what it recorded."""

    config: dict[str, Any]
    facts: dict[str, Any]  # result.json; no score is ever read from it
    scores: tuple[Score, ...]
    threshold: float | None  # None: the most probable class is the answer
    draws: dict[str, np.ndarray]  # overall metric to (1 + resamples,)
    generation: dict[str, Any]  # how the run's generator was judged; empty if it has none
    gallery: bytes | None  # a PNG of what it draws
    neutral: bytes | None = None  # a PNG of what it draws for neutral sentences

    @property
    def seed(self) -> int:
        """The seed the run was made with."""
        return self.config["seed"]

    @property
    def key(self) -> RunKey:
        """Seed and data: runs of two rows with the same key are compared."""
        return self.seed, str(self.facts.get("fingerprint"))


def score_run(run: RunRecord, card: TaskCard) -> ScoredRun | RunRecord:
    """Score a finished run; one whose predictions cannot be scored comes back as failed."""
    try:
        scores, threshold, draws = score_with_draws(
            run.predictions(), card, resamples=RESAMPLES, seed=BOOTSTRAP_SEED
        )
        generation, gallery = run.generation(), read_png(run.folder, "gallery.png")
    except OSError as error:
        # Its own words would print the folders of this machine on a public page.
        return _failed(run, f"predictions.parquet cannot be read ({type(error).__name__}).")
    except ValueError as error:
        return _failed(run, str(error).replace(str(run.folder), "."))
    facts = run.result or {}
    neutral = read_png(run.folder, "neutral.png")
    return ScoredRun(
        run.config, facts, tuple(scores), threshold, draws, generation, gallery, neutral
    )


def read_png(folder: Path, name: str) -> bytes | None:
    """Read a PNG of this very folder; None if it is not there, is no PNG, too large or a link."""
    inside = folder.resolve()
    path = (inside / name).resolve()
    if path.parent != inside or not path.is_file() or path.stat().st_size > PICTURE_LIMIT:
        return None
    png = path.read_bytes()
    return png if png.startswith(PNG_SIGNATURE) else None


def _failed(run: RunRecord, reason: str) -> RunRecord:
    words = f"Its predictions cannot be scored. {' '.join(reason.split())}"
    return replace(run, status="failed", result=None, error=words)
