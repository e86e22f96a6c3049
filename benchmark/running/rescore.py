"""From saved predictions to result.json: the same step after a run and for `equipoise score`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.discovery.code_digest import code_digest
from benchmark.metrics import scoring
from benchmark.metrics.scoring import score_predictions
from benchmark.records.run_folder import RunRecord, result_values
from benchmark.support.files import write_json

FACTS = (
    "seconds",
    "steps",
    "standard_loop",
    "fingerprint",
    "finished",
)  # of the run itself; scoring keeps them


def scorer_digest() -> str:
    """Identify the code of the metrics: results of another scorer are scored again."""
    return code_digest(Path(scoring.__file__))


def write_result(folder: Path, card: TaskCard, facts: Mapping[str, Any]) -> None:
    """Score predictions.parquet and write result.json beside it, with the run's own facts."""
    predictions = pd.read_parquet(folder / "predictions.parquet")
    scores, threshold = score_predictions(predictions, card)
    kept = {name: facts[name] for name in FACTS if name in facts}
    values = result_values(scores, threshold, scorer=scorer_digest(), **kept)
    write_json(folder / "result.json", values)


def rescore(record: RunRecord) -> bool:
    """Score a finished run again if it was scored by other code; say whether it was."""
    if record.result is None or record.result.get("scorer") == scorer_digest():
        return False
    write_result(record.folder, record.card, record.result)
    return True
