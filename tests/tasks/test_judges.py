"""The official judges that lie in the tasks' folders: their files, their cards, their versions."""

import pytest

from benchmark.api.data import Source
from benchmark.api.protocols import judge_of
from benchmark.discovery.find import find_tasks
from benchmark.discovery.load import load_task
from benchmark.records.judge_card import check_files, read_card

TASKS = {name: load_task(found) for name, found in find_tasks().items()}
JUDGES = {name: folder for name, task in TASKS.items() if (folder := judge_of(task, Source()))}


def test_both_tasks_have_a_judge():
    assert {"brain_mr_sex", "cmr_heart_failure"} <= set(JUDGES)


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_is_of_this_version_and_its_files_are_those_of_its_card(name):
    card, task = read_card(JUDGES[name]), TASKS[name]
    check_files(JUDGES[name], card)
    assert (card.task, card.task_version) == (task.card.name, task.card.version)
    assert sum(path.stat().st_size for path in JUDGES[name].rglob("*")) < 10_000_000


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_was_made_from_enough_patients_and_its_card_tells_of_every_group(name):
    card, task = read_card(JUDGES[name]), TASKS[name].card
    assert card.recipe.patients["train"] >= 20_000 and card.recipe.patients["held_out"] >= 4_000
    assert set(card.quality) == {"all", *card.readers} and len(card.readers) >= 3
    values = {f"label={word}" for word in task.classes}
    values |= {f"{a.name}={word}" for a in task.attributes for word in a.values}
    assert set(card.quality["all"].by_group) == values
    assert len(card.quality["all"].by_cell) == len(task.cells())
    assert set(card.dice) == set(task.mask_labels)


@pytest.mark.parametrize("name", JUDGES)
def test_all_together_read_the_label_at_least_as_well_as_one_and_know_how_sure_they_are(name):
    quality = read_card(JUDGES[name]).quality
    right = {member: one.accuracy["label"] for member, one in quality.items()}
    assert right["all"] >= max(right.values()) - 0.005
    assert quality["all"].calibration_error["label"] < 0.05
