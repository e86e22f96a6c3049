"""Every registered task and method, whoever wrote it, goes through the same tests."""

import json

import numpy as np
import pytest
from pydantic import TypeAdapter

from benchmark.api.card import TaskCard
from benchmark.api.data import Source
from benchmark.cohorts.checks import check_splits
from benchmark.conformance.check import check_method
from benchmark.discovery.find import find_methods, find_tasks, summary
from benchmark.discovery.load import load_task


@pytest.mark.parametrize("name", sorted(find_methods()))
def test_a_method_keeps_the_contract(name):
    mend = [f"{f.what}: {f.advice}" for f in check_method(name) if not f.passed]
    assert not mend, mend


@pytest.mark.parametrize("name", sorted(find_methods()))
def test_a_method_says_what_it_does_in_a_line_or_two(name):
    assert 20 < len(summary(find_methods()[name])) < 200


@pytest.fixture(scope="module", params=sorted(find_tasks()))
def loaded(request, tmp_path_factory):
    task = load_task(find_tasks()[request.param])
    cache = tmp_path_factory.mktemp("cache")
    source = Source(image_size=32, train=96, val=48, test=48, cache=cache)
    return task, source, task.load(source, task.knobs.variant(), 3)


def test_a_tasks_splits_are_sound(loaded):
    task, _, splits = loaded
    check_splits(splits, task.card)


def test_a_tasks_card_is_complete(loaded):
    card = loaded[0].card
    assert TypeAdapter(TaskCard).validate_json(json.dumps(card.as_dict())) == card
    facts = loaded[0].digital
    for words in (card.title, card.question, card.citation, facts.licence, facts.caveats):
        assert words.strip()


def test_a_tasks_test_split_is_balanced_over_its_cells(loaded):
    task, _, splits = loaded
    cells, n = task.card.encode_cells(splits.test.table)
    counts = np.bincount(cells, minlength=n)
    assert counts.min() == counts.max() > 0


def test_a_task_gives_the_same_content_for_the_same_seed(loaded, tmp_path):
    task, _, splits = loaded
    again = task.load(
        Source(image_size=32, train=96, val=48, test=48, cache=tmp_path), task.knobs.variant(), 3
    )
    assert again.fingerprint == splits.fingerprint
    assert np.array_equal(again.train.images, splits.train.images)
    assert again.test.table.equals(splits.test.table)


def test_a_task_gives_other_patients_for_another_seed(loaded):
    task, source, splits = loaded
    other = task.load(source, task.knobs.variant(), 4)
    assert not np.array_equal(other.train.images, splits.train.images)


def test_a_task_can_say_each_patient_in_a_sentence(loaded):
    task, _, splits = loaded
    sentences = {task.prompt(row) for row in splits.train.table.to_dict("records")}
    assert len(sentences) > 1


def test_a_digital_task_makes_the_patients_it_is_asked_for(loaded):
    task, source, _ = loaded
    requests = task.card.cells().iloc[::3].reset_index(drop=True)
    made = task.new_patients(requests, source, 0)
    assert made.table[list(requests.columns)].astype(str).equals(requests.astype(str))
