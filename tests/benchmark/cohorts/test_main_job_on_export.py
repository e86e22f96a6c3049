"""The main job on files of one's own: an exported cohort is run, scored and shown on the page."""

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from benchmark.api.data import Source
from benchmark.api.variant import Variant
from benchmark.cohorts.export import export_cohort
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_task
from benchmark.planning import plan
from benchmark.planning.resolve import resolve
from benchmark.planning.run_spec import RunSpec
from benchmark.records.run_folder import find_runs
from benchmark.running import driver
from leaderboard.build import build

TASK = "cmr_heart_failure"
AGES = {"under 65": "64.9", "65 or older": "65"}
INDICES = {"normal weight": "22.5", "overweight": "25", "obese": "30"}


def with_numbers(words: Path, folder: Path) -> Path:
    """Copy an exported cohort with ages and body mass indices in place of their bands."""
    shutil.copytree(words, folder)
    table = pd.read_csv(folder / "participants.tsv", sep="\t", dtype=str)
    table["age"], table["bmi"] = table["age_band"].map(AGES), table["bmi_band"].map(INDICES)
    table = table.drop(columns=["age_band", "bmi_band"])
    table.to_csv(folder / "participants.tsv", sep="\t", index=False)
    return folder


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> SimpleNamespace:
    """Export a cohort, run a method on it with bands as words and as numbers, build the page."""
    here = tmp_path_factory.mktemp("main_job")
    task = load_task(locate(TASK, "task"))
    source = Source(image_size=32, train=60, val=30, test=24, cache=here / "cache")
    export_cohort(task.load(source, task.knobs.variant(), 0), task.card, here / "words")
    folders = [here / "words", with_numbers(here / "words", here / "numbers")]
    runs = here / "runs"
    specs = [
        RunSpec(
            TASK, "erm", Variant(), 0, TOY_PRESET, data=folder, device="cpu", cache=here / "cache"
        )
        for folder in folders
    ]
    summary = driver.run_matrix(plan.plan(specs, runs), runs)
    assert [record.error for record in summary.failed] == []
    page = build(runs, here / "page")
    again = plan.plan(specs, runs)
    return SimpleNamespace(
        runs=runs, page=page, spec=specs[0], again=again, records=find_runs(runs)
    )


def test_every_patient_of_the_export_is_scored(job):
    for record in job.records:
        predictions = pd.read_parquet(record.folder / "predictions.parquet")
        assert predictions["split"].value_counts().to_dict() == {"val": 30, "test": 24}


def test_numbers_and_words_give_the_same_scores(job):
    words, numbers = (record.scores for record in job.records)
    assert words == numbers
    assert {r.config.source.name for r in job.records} == {"words", "numbers"}


def test_a_finished_run_is_found_again(job):
    assert [run.status for run in job.again] == ["done", "done"]


def test_a_copy_under_another_name_is_the_same_row_and_other_words_are_another(job, tmp_path):
    copy = dataclasses.replace(job.spec, data=shutil.copytree(job.spec.data, tmp_path / "copy"))
    words, numbers = (run.config.row for run in job.again)
    assert resolve(copy).row == words != numbers


def test_the_page_shows_both_cohorts(job):
    results = json.loads((job.page.parent / "results.json").read_text())
    assert sorted(board["source"]["name"] for board in results["boards"]) == ["numbers", "words"]
    assert "Heart failure in cardiac MR" in job.page.read_text()


def test_no_picture_of_a_patient_leaves_the_cohort(job):
    kinds = {path.suffix for path in job.runs.rglob("*") if path.is_file()}
    assert ".json" in kinds
    assert not kinds & {".png", ".jpg", ".jpeg", ".npy"}
    pages = [job.page, *(job.page.parent / "boards").glob("*.html")]
    assert len(pages) == 3
    assert not any("data:image/png" in page.read_text() for page in pages)
