"""Scores finished runs again from their saved predictions; nothing is trained."""

from __future__ import annotations

from benchmark.records.result import stored_scores, write_result
from benchmark.records.run_folder import RunRecord


def rescore(record: RunRecord) -> bool:
    """Score a finished run again if its stored scores do not count; say whether it was."""
    if record.result is None:
        return False
    if stored_scores(record.folder, record.card, record.result) is not None:
        return False
    write_result(record.folder, record.card, record.result.run)
    return True
