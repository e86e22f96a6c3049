"""Scores finished runs again from their saved predictions; nothing is trained."""

from __future__ import annotations

from benchmark.api.scores import ScoreKey
from benchmark.records.cohort import ceilings_beside
from benchmark.records.result import stored_scores, write_result
from benchmark.records.run_folder import RunRecord


def rescore(record: RunRecord) -> str:
    """Score a finished run again; return why it cannot be scored, or an empty string.

    What the folder holds stays as it is if its predictions cannot be scored.
    """
    if record.result is None:
        return ""
    try:
        write_result(record.folder, record.card, record.result.run, _ceilings(record))
    except (OSError, ValueError) as error:
        return f"{record.folder} cannot be scored and stays as it is: {error}"
    return ""


def rescore_if_stale(record: RunRecord) -> str:
    """Score again if code, ceilings, predictions or draws have changed; return as rescore does."""
    if record.result is None:
        return ""
    if stored_scores(record.folder, record.card, record.result, _ceilings(record)):
        return ""
    return rescore(record)


def _ceilings(record: RunRecord) -> dict[ScoreKey, float]:
    return ceilings_beside(record.folder, record.config.cohort, record.card)
