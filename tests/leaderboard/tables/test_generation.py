import json
from types import SimpleNamespace

import pytest

from benchmark.records.generation import Generation
from leaderboard.tables.generation import generation_table, shown_columns

PNG = b"\x89PNG\r\n\x1a\nrest"


def run(scores, gallery=PNG, judge="code b"):
    content = {"schema": 2, "n": 400, "scores": scores, "judge": judge}
    found = Generation.model_validate_json(json.dumps(content))
    return SimpleNamespace(generation=found, gallery=gallery)


def standing(*runs):
    return SimpleNamespace(row=SimpleNamespace(done=runs))


def table(*runs, with_gallery=True):
    return generation_table([standing(*runs)], ["synthesis"], with_gallery=with_gallery)


def cell(found, name):
    place = [column.name for column in shown_columns()].index(name)
    return found["rows"][0]["cells"][place]


def test_values_are_means_over_seeds_beside_what_real_patients_get():
    found = table(
        run({"dice": {"value": 0.8, "floor": 0.9}}), run({"dice": {"value": 0.9, "floor": 0.94}})
    )
    assert cell(found, "dice") == {"value": "0.85", "floor": "0.92", "error": ""}


def test_an_interval_is_as_wide_as_images_or_seeds_make_it():
    one = {"dice": {"value": 0.80, "floor": 0.9, "error": 0.01}}
    other = {"dice": {"value": 0.90, "floor": 0.9, "error": 0.01}}
    assert cell(table(run(one)), "dice")["error"] == "0.02"  # 1.96 x 0.01
    assert cell(table(run(one), run(one)), "dice")["error"] == "0.01"  # over the root of two
    assert cell(table(run(one), run(other)), "dice")["error"] == "0.10"  # seeds are 0.07 apart


@pytest.mark.parametrize("scores", [{"dice": {"value": None, "floor": None}}, {}])
def test_what_is_undefined_or_absent_is_a_dash(scores):
    assert cell(table(run(scores)), "dice") == {"value": "–", "floor": "–", "error": ""}


def test_a_board_without_generators_has_no_table():
    plain = SimpleNamespace(generation=None, gallery=None)
    assert table(plain) is None


def test_nothing_that_resembles_a_real_patient_is_shown():
    assert table(run({}))["gallery"].startswith("data:image/png;base64,")
    assert table(run({}), with_gallery=False)["gallery"] == ""


def test_numbers_of_two_judges_are_not_mixed():
    found = table(
        run({"dice": {"value": 0.2, "floor": 0.2}}, judge="code a"),
        run({"dice": {"value": 0.8, "floor": 0.9}}, judge="code b"),
    )
    assert cell(found, "dice") == {"value": "0.80", "floor": "0.90", "error": ""}
    assert found["judge"] == "code b"


def test_groups_have_distances_of_their_own():
    scores = {
        "kernel_distance": {"value": 0.5, "floor": 0.0},
        "kernel_distance_by_group/sex/female": {"value": 0.6, "floor": 0.001},
        "kernel_distance_by_group/sex/male": {"value": 0.4, "floor": -0.002},
    }
    found = table(run(scores))
    assert [title for title, _ in found["groups"]] == ["female", "male"]
    assert found["rows"][0]["groups"][0] == {"value": "0.600", "floor": "0.001", "error": ""}
