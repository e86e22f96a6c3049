"""What --without takes: names, paths and kinds."""

import pytest

from benchmark.planning.leaving_out import leave_out, unknown_words

NAMES = ["controlnet_synthesis", "erm", "group_dro", "majority_class", "duplicate_real"]


@pytest.mark.parametrize(
    ("without", "left"),
    [
        (["erm"], ["controlnet_synthesis", "group_dro", "majority_class", "duplicate_real"]),
        (["control"], ["controlnet_synthesis", "erm", "group_dro"]),
        (["generative"], ["erm", "group_dro", "majority_class"]),
        (["method", "baseline"], ["majority_class", "duplicate_real"]),
    ],
)
def test_names_and_kinds_are_left_out(without, left):
    assert leave_out(NAMES, without) == left


def test_a_method_given_by_path_is_left_out_by_path(tmp_path):
    (tmp_path / "mine.py").touch()
    mine = str(tmp_path / "mine.py")
    assert leave_out([mine, "erm"], [mine]) == ["erm"]


def test_a_file_that_does_not_import_is_kept_and_refused_with_the_plan(tmp_path):
    (tmp_path / "mine.py").write_text("import nowhere_at_all")
    assert leave_out([str(tmp_path / "mine.py")], ["generative"]) == [str(tmp_path / "mine.py")]


def test_a_plan_without_any_method_is_refused():
    with pytest.raises(ValueError, match=r"--without baseline leaves no method to run, of erm\."):
        leave_out(["erm"], ["baseline"])


def test_an_unknown_word_is_answered_with_all_names_and_kinds():
    assert unknown_words(["erm", "control", "generative"], []) == []
    (words,) = unknown_words(["baselines"], [])
    assert "Unknown method 'baselines'." in words and "group_dro" in words
    assert words.endswith(
        "Did you mean the kind 'baseline'? "
        "--without also takes a kind: method, baseline, control, generative."
    )
