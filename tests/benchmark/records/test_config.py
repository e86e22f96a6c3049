"""config.json: what is resolved comes back, and another form is refused with what is wrong."""

import json

import pytest
from pydantic import ValidationError

from benchmark.planning.resolve import resolve
from benchmark.records.base import UnreadableRecord
from benchmark.records.config import MethodPart, read_config, write_config
from benchmark.records.run_folder import look_for_runs, read_run, status_of

INFINITE = float("inf")  # json writes Infinity, and reads 1e999 as this too


@pytest.fixture
def folder(make_spec, tmp_path):
    folder = tmp_path / "task" / "cohort" / "method" / "run"
    folder.mkdir(parents=True)
    write_config(folder, resolve(make_spec("group_dro")))
    return folder


def edit(folder, change):
    content = json.loads((folder / "config.json").read_text())
    change(content)
    (folder / "config.json").write_text(json.dumps(content))


def test_a_config_comes_back_as_it_was(folder, make_spec):
    assert read_config(folder) == resolve(make_spec("group_dro"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content.update(cohort=None), "cohort is None; it must be a text"),
        (lambda content: content.update(seed="0"), "seed is '0'; it must be a whole number"),
        (lambda content: content["method"].pop("fields"), "method.fields is missing"),
        (lambda content: content["card"].update(boast=1), "card.boast is unknown"),
        (lambda content: content["method"]["fields"].update(a=[{"b": INFINITE}]), "finite numbers"),
        (lambda content: content["method"]["fields"].update(a=10**400), "finite numbers"),
        (lambda content: content["preset"].update(generator={"rate": INFINITE}), "finite numbers"),
        (lambda content: content["card"].update(field_of_view_mm=INFINITE), "finite number"),
        (lambda content: content["card"].update(intersections=[["bmi"]]), "names 'bmi'; allowed"),
        (lambda content: content.update(schema=1), "schema 1, this version reads 2 and 3"),
    ],
)
def test_another_form_is_refused_and_costs_no_other_folder(folder, tmp_path, change, words):
    edit(folder, change)
    with pytest.raises(UnreadableRecord, match=words):
        read_config(folder)
    found = look_for_runs(tmp_path, read_run)
    assert (found.readable, len(found.unreadable)) == ([], 1)
    assert status_of(folder) == "unfinished"


def test_a_number_that_is_not_finite_is_not_written(folder):
    method = read_config(folder).method.model_dump()
    with pytest.raises(ValidationError, match="must hold finite numbers only"):
        MethodPart(**{**method, "fields": {"rate": float("nan")}})
