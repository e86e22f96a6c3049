"""MLflow: a copy of every run folder, made by the driver alone. The files stay the truth."""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cached_property
from itertools import chain, count, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api.scores import ScoreKey
from benchmark.records.config import RunConfig
from benchmark.records.run_folder import RunRecord
from benchmark.running.moved_artifacts import follow_moved_artifacts

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

STORE = "mlflow.db"  # in the runs folder
TAG = "equipoise.run"
KIND = {"mlflow.experimentKind": "custom_model_development"}  # MLflow's page opens on the runs
STATE = "equipoise.state"  # what was copied: a run that was done or scored again is copied anew


class MlflowTracker:
    """One experiment per task, one MLflow run per benchmark run."""

    def __init__(self, runs: Path, uri: str | None = None) -> None:
        """uri: any MLflow URI; None: an sqlite file in the results folder."""
        self.runs = runs
        self.artifacts = None if uri else (runs.resolve() / "mlflow-artifacts").as_uri()
        self.uri = uri or f"sqlite:///{runs.resolve() / STORE}"
        self.experiments: dict[str, str] = {}

    @cached_property
    def client(self) -> MlflowClient:
        """The store, opened."""
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")  # no news of its own tables
        from mlflow.tracking import MlflowClient  # seconds to import: only if tracking is on

        self.runs.mkdir(parents=True, exist_ok=True)
        if self.artifacts:
            follow_moved_artifacts(self.runs / STORE, self.artifacts)
        return MlflowClient(tracking_uri=self.uri)

    def open(self) -> None:
        """Import MLflow and open the store, which takes seconds; raises what MLflow raises."""
        _ = self.client

    def mirror(self, record: RunRecord) -> None:
        """Copy one run; a copy that was cut off, or is out of date, is replaced."""
        experiment = self._experiment(record.config.task.name)
        name = f"{record.config.variant.name}/{record.config.run}"
        state = _state(record)
        for old in self.client.search_runs([experiment], f"tags.`{TAG}` = '{name}'"):
            if old.data.tags.get(STATE) == state and old.info.status in ("FINISHED", "FAILED"):
                return
            self.client.delete_run(old.info.run_id)
        run = self.client.create_run(experiment, run_name=name, tags={TAG: name, STATE: state})
        self._log(run.info.run_id, record)
        status = "FINISHED" if record.status == "done" else "FAILED"
        self.client.set_terminated(run.info.run_id, status)

    def _experiment(self, task: str) -> str:
        if task not in self.experiments:
            found = self.client.get_experiment_by_name(task)
            self.experiments[task] = (
                found.experiment_id
                if found
                else self.client.create_experiment(task, artifact_location=self.artifacts)
            )
            for name, value in KIND.items():
                if not found or name not in found.tags:
                    self.client.set_experiment_tag(self.experiments[task], name, value)
        return self.experiments[task]

    def _log(self, run_id: str, record: RunRecord) -> None:
        from mlflow.entities import Metric, Param

        params = [Param(k, str(v)[:6000]) for k, v in _params(record.config).items()]
        metrics = [Metric(k, v, 0, 0) for k, v in _final_scores(record).items()]
        for row in record.history().to_dict("records"):
            stage, step = str(row.pop("stage")), int(row.pop("step"))
            metrics += [
                Metric(_clean(f"{stage}/{k}"), float(v), 0, step)
                for k, v in row.items()
                if v == v  # a curve that another stage logged is empty here
            ]
        for start in range(0, max(len(metrics), 1), 1000):
            self.client.log_batch(
                run_id, metrics[start : start + 1000], params if not start else []
            )
        for path in sorted(record.folder.iterdir()):
            self.client.log_artifact(run_id, str(path))


def _state(record: RunRecord) -> str:
    if record.result is None:
        return record.status
    scoring = record.result.scoring
    return f"{record.status} {record.result.run.finished} {scoring.code} {scoring.draws}"


def _params(config: RunConfig) -> dict[str, Any]:
    method = config.method
    return {
        "task": config.task.name,
        "task_version": config.task.version,
        "variant": config.variant.name,
        "method": method.name,
        "groups_used": method.groups_used,
        "seed": config.seed,
        "preset": config.preset.name,
        **{f"field.{name}": value for name, value in method.fields.items()},
        **{f"environment.{name}": value for name, value in config.environment.items()},
    }


def _final_scores(record: RunRecord) -> dict[str, float]:
    """Name every defined score for MLflow, e.g. cell_accuracy/sex/female/heart failure."""
    named: dict[str, float] = {}
    for score in record.scores:
        if score.value is not None:
            named[_metric_name(score.key, named)] = float(score.value)
    generation = record.generation()
    for name, entry in (generation.scores if generation else {}).items():
        if entry.value is not None:
            named[_clean(f"generation/{name}")] = entry.value
    for name, seconds in (record.result.run.seconds if record.result else {}).items():
        named[f"seconds/{name}"] = float(seconds)
    return named


def _metric_name(key: ScoreKey, taken: Collection[str]) -> str:
    """Name a score for MLflow: cell_accuracy/sex/female/heart failure.

    Words that differ only in letters that MLflow refuses, as "<50" and ">50", are numbered.
    """
    pairs = zip_longest(key.attributes, key.values)
    parts = [key.metric, *(part for pair in pairs for part in pair), key.label]
    name = "/".join(_clean(part).replace("/", "_") for part in parts if part)
    numbered = (f"{name}-{place}" for place in count(2))
    return next(one for one in chain([name], numbered) if one not in taken)


def _clean(name: str) -> str:
    """Keep to the letters that MLflow allows in a metric's name."""
    return "".join(c if c.isalnum() or c in "_-. /" else "_" for c in name)
