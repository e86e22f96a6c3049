"""cohort.json: what is written is read again, and what does not fit the card is refused."""

import json

import pytest

from benchmark.api.scores import ScoreKey
from benchmark.cohorts.toy import TOY_FACTS, ToyTask
from benchmark.records.base import UnreadableRecord
from benchmark.records.cohort import cohort_is_stale, read_cohort_record, write_cohort_record

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
