"""`equipoise score` gives old runs the ceilings of their task; all else of a cohort stays."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmark.api.scores import ScoreKey
from benchmark.cohorts.facts import cohort_facts
from benchmark.commands.app import app
from benchmark.planning.fields import build_task
from benchmark.planning.resolve import cohort_folder, resolve, run_folder
from benchmark.records.cohort import read_cohort_record, write_cohort_record
from benchmark.records.config import write_config
from benchmark.records.result import RunFacts, write_result
from benchmark.records.run_folder import find_runs
from benchmark.running import cohort_ceilings
from benchmark.running.cohort_ceilings import renew_ceilings

REGRET = ScoreKey("worst_cell_regret")


def ceilings_of(card):
    return {
        ScoreKey("cell_accuracy", (attribute.name,), (value,), label): 0.95
        for attribute in card.attributes
        for value in attribute.values
        for label in card.classes
    }


@pytest.fixture
def spec(make_spec):
    return make_spec("majority_class", seed=100)


@pytest.fixture
def task(spec):
    return build_task(spec)


@pytest.fixture
def runs(spec, task, tmp_path, monkeypatch):
    """A run with one answer for everybody, made before its task had a ceiling."""
    runs, config = tmp_path / "runs", resolve(spec)
    cohort = cohort_folder(runs, config) / config.cohort
    cohort.mkdir(parents=True)
    write_cohort_record(cohort, task.card, cohort_facts(task, None), [], [])
    folder = run_folder(runs, config)
    folder.mkdir(parents=True)
    write_config(folder, config)
    splits = task.load(spec.source, spec.variant, 100)
    tables = [s.table.assign(split=n) for n, s in (("val", splits.val), ("test", splits.test))]
    table = pd.concat(tables, ignore_index=True).assign(probability_0=0.9, probability_1=0.1)
    table.to_parquet(folder / "predictions.parquet")
    facts = RunFacts(
        seconds={"fit": 1.0}, steps=1, standard_loop=True, fingerprint="f", finished="2026"
    )
    write_result(folder, task.card, facts)
    (folder / "done").touch()
    monkeypatch.setattr(cohort_ceilings, "find_tasks", lambda: {config.task.name: object()})
    monkeypatch.setattr(cohort_ceilings, "load_task", lambda found: task)
    monkeypatch.setattr(
        cohort_ceilings, "ceiling_of", lambda task, source, variant: ceilings_of(task.card)
    )
    return runs


def regret_of(runs):
    (record,) = find_runs(runs)
    (score,) = [score for score in record.scores if score.key == REGRET]
    return score


def cohort_of(runs):
    (path,) = runs.glob("*/*/cohort-*/cohort.json")
    return path.parent


def test_score_gives_an_old_run_its_regret(runs):
    assert regret_of(runs).value is None
    done = CliRunner().invoke(app, ["score", "--runs", str(runs)])
    assert done.exit_code == 0, done.output
    score = regret_of(runs)
    assert score.value == pytest.approx(0.95)  # one label has none right
    assert score.low is score.high is None  # no resample moves it, so it has no interval


def test_a_cohort_of_another_card_stays_as_it_is(runs, task, monkeypatch):
    before = (cohort_of(runs) / "cohort.json").read_bytes()
    newer = SimpleNamespace(card=replace(task.card, version=2), knobs=task.knobs)
    monkeypatch.setattr(cohort_ceilings, "load_task", lambda found: newer)
    renew_ceilings(find_runs(runs))
    assert (cohort_of(runs) / "cohort.json").read_bytes() == before


def test_a_task_without_a_ceiling_takes_none_away(runs, task, monkeypatch):
    renew_ceilings(find_runs(runs))
    monkeypatch.setattr(cohort_ceilings, "ceiling_of", lambda task, source, variant: {})
    renew_ceilings(find_runs(runs))
    assert read_cohort_record(cohort_of(runs)).ceilings == ceilings_of(task.card)
