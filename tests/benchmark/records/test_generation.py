"""generation.json: what a judge found comes back, and what a stranger wrote is refused whole."""

import copy
import json

import pytest
from pydantic import ValidationError

from benchmark.records.base import UnreadableRecord
from benchmark.records.generation import read_generation, write_generation

SHARES = {"shares": [0.4, 0.6], "low": [0.3, 0.5], "high": [0.5, 0.7]}
SUMMARY = {
    "inconsistency": 0.1, "shares": [0.4, 0.6], "divergence": None, "corrected": None,
    "by_anatomy": [0.4, 0.6], "by_counter": {"a": 0.2},
}  # fmt: skip
QUALITY = {"frechet_distance": 0.5, "copy_rate": None}
MIX = {
    "columns": ["sex"], "groups": [["female"], ["male"]], "target": [0.5, 0.5],
    "train": [0.2, 0.8], "n": 64, "counter_accuracy": [0.9, None], "trusted": True,
    "perfect_generator": {"tuned": 0.05}, "real_clip_score": None,
    "counters": {"all": {"right": [0.9, None], "perfect_generator": 0.05}},
    "sentences": [{"sentence": "Person", "tuned": True, "after": SHARES}],
    "summary": {"tuned": {"after": SUMMARY}}, "cost_of_tuning": {"after": QUALITY},
}  # fmt: skip
FOUND = {
    "n": 8, "judge": "one", "group_mix": MIX,
    "scores": {"dice": {"value": 0.8, "floor": None}},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    write_generation(tmp_path, FOUND)
    return tmp_path


def test_what_was_found_comes_back(folder):
    found = read_generation(folder)
    assert (found.scores["dice"].value, found.scores["dice"].floor) == (0.8, None)
    assert found.group_mix.groups == (("female",), ("male",))
    assert found.group_mix.sentences[0].before is None


def test_a_run_without_a_generator_has_none(tmp_path):
    assert read_generation(tmp_path) is None


def test_a_judge_writes_no_number_that_is_not_finite(tmp_path):
    with pytest.raises(ValidationError, match="finite"):
        write_generation(tmp_path, {**FOUND, "scores": {"dice": {"value": float("nan")}}})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("scores", "dice"), "<script>"),
        (("scores", "dice", "value"), "<b>"),
        (("scores", "dice", "value"), 10**400),
        (("judge",), "very " * 100),
        (("group_mix", "groups"), [["female"]]),
        (("group_mix", "groups"), [["female"], ["male"], ["other"]]),
        (("group_mix", "groups"), [["very " * 100], ["male"]]),
        (("group_mix", "groups"), "<script>"),
        (("group_mix", "target"), [10**400, 0.5]),
        (("group_mix", "train"), [2, -1]),
        (("group_mix", "n"), 0),
        (("group_mix", "n"), 10**6),
        (("group_mix", "cost_of_tuning"), {}),
        (("group_mix", "cost_of_tuning", "after", "copy_rate"), "many"),
        (("group_mix", "sentences"), []),
        (("group_mix", "sentences"), MIX["sentences"] * 65),
        (("group_mix", "sentences", 0, "sentence"), "Person, " + "very " * 100),
        (("group_mix", "sentences", 0, "after"), None),
        (("group_mix", "summary", "tuned"), "many"),
        (("group_mix", "summary", "tuned", "after"), []),
        (("group_mix", "summary", "tuned", "after", "by_counter"), {"a": "many"}),
    ],
    ids=str,
)
def test_what_a_stranger_wrote_is_refused_whole(folder, path, value):
    content = copy.deepcopy(json.loads((folder / "generation.json").read_text()))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (folder / "generation.json").write_text(json.dumps(content))
    with pytest.raises(UnreadableRecord, match=r"generation\.json cannot be read"):
        read_generation(folder)
