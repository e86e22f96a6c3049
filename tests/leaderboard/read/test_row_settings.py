from types import SimpleNamespace

from leaderboard.read.row_settings import label_of, settings_apart


def row(name, **fields):
    return SimpleNamespace(name=name, method=SimpleNamespace(fields=fields))


def test_rows_of_one_method_are_told_apart_by_the_fields_that_differ():
    rows = [
        row("group_dro", step_size=0.05, limit=20.0),
        row("group_dro", step_size=0.2, limit=20.0),
        row("erm", step_size=0.3),
    ]
    assert settings_apart(rows) == [(("step_size", "0.05"),), (("step_size", "0.2"),), ()]


def test_an_empty_word_is_the_default_and_a_field_may_be_new():
    rows = [row("a", target=""), row("a", target="census", share=0.5)]
    assert settings_apart(rows) == [
        (("target", "default"),),
        (("share", "0.5"), ("target", "census")),
    ]


def test_a_label_is_the_method_and_what_tells_it_apart():
    assert label_of("erm", ()) == "erm"
    assert label_of("a", (("x", "1"), ("y", "2"))) == "a, x = 1, y = 2"
