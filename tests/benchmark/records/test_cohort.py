"""cohort.json: what is written is read again, and what does not fit the card is refused."""

import json
from dataclasses import replace

import pytest

from benchmark.api.scores import ScoreKey
from benchmark.cohorts.toy import TOY_FACTS, ToyTask
from benchmark.records.base import UnreadableRecord
from benchmark.records.cohort import (
    ceilings_beside,
    cohort_beside,
    cohort_is_stale,
    read_cohort_record,
    write_ceilings,
    write_cohort_record,
)

LOW = ScoreKey("cell_accuracy", ("site",), ("north",), "low")
HIGH = ScoreKey("cell_accuracy", ("site",), ("south",), "high")
CEILINGS = {LOW: 0.75, HIGH: 1.0}


@pytest.fixture
def folder(tmp_path):
    write_cohort_record(tmp_path, ToyTask().card, TOY_FACTS, [], [], CEILINGS)
    return tmp_path


def test_ceilings_are_read_as_they_were_written(folder):
    assert read_cohort_record(folder).ceilings == CEILINGS


def test_a_record_of_before_there_were_ceilings_has_none(folder):
    content = json.loads((folder / "cohort.json").read_text())
    del content["ceiling"]
    (folder / "cohort.json").write_text(json.dumps(content))
    assert read_cohort_record(folder).ceilings == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attributes", ["sex"]),
        ("attributes", ["site", "site"]),
        ("values", ["east"]),
        ("label", "middle"),
        ("accuracy", 1.5),
        ("accuracy", None),
    ],
)
def test_a_ceiling_of_no_cell_of_the_card_is_refused(folder, name, value):
    content = json.loads((folder / "cohort.json").read_text())
    content["ceiling"][0][name] = value
    (folder / "cohort.json").write_text(json.dumps(content))
    with pytest.raises(UnreadableRecord, match=r"cohort\.json cannot be read"):
        read_cohort_record(folder)


def test_a_record_is_stale_once_the_task_has_other_ceilings(folder):
    assert not cohort_is_stale(folder, CEILINGS)
    assert cohort_is_stale(folder, {})
    assert cohort_is_stale(folder, CEILINGS | {LOW: 0.8})


def test_where_there_is_no_record_nothing_is_stale(tmp_path):
    assert not cohort_is_stale(tmp_path, CEILINGS)


@pytest.fixture
def run(tmp_path):
    """A run folder whose cohort lies where the engine puts it."""
    cohort = tmp_path / "toy_task/severity-1/cohort-1a"
    cohort.mkdir(parents=True)
    write_cohort_record(cohort, ToyTask().card, TOY_FACTS, [], [], CEILINGS)
    return tmp_path / "toy_task/severity-1/erm/quick-seed-100"


def test_a_run_finds_the_ceilings_of_its_cohort(run):
    assert ceilings_beside(run, "cohort-1a", ToyTask().card) == CEILINGS


@pytest.mark.parametrize("name", ["", "cohort-2b", "../severity-1/cohort-1a", "/etc"])
def test_a_name_that_leads_elsewhere_finds_none(run, name):
    assert ceilings_beside(run, name, ToyTask().card) == {}


def test_a_link_that_leads_elsewhere_is_no_cohort(run, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (run.parent.parent / "cohort-2b").symlink_to(tmp_path / "elsewhere")
    assert cohort_beside(run, "cohort-2b") is None


def test_ceilings_of_another_card_or_a_damaged_record_do_not_count(run):
    other = replace(ToyTask().card, classes=("below", "above"))
    assert ceilings_beside(run, "cohort-1a", other) == {}
    (run.parent.parent / "cohort-1a/cohort.json").write_text("{")
    assert ceilings_beside(run, "cohort-1a", ToyTask().card) == {}


def test_new_ceilings_leave_all_else_of_a_record(folder):
    before = read_cohort_record(folder)
    write_ceilings(folder, before, {LOW: 0.5})
    after = read_cohort_record(folder)
    assert after.ceilings == {LOW: 0.5}
    assert after.model_copy(update={"ceiling": before.ceiling}) == before
