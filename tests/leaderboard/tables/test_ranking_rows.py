from types import SimpleNamespace

import pytest

from leaderboard.tables.ranking_rows import _steps_words, code_stamp


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"steps": 240, "standard_loop": True}, "240"),
        ({"steps": 240, "standard_loop": False}, "240, own loop"),
        ({"steps": 0, "standard_loop": False}, "0"),
        ({"steps": None, "standard_loop": False}, "own loop, steps not reported"),
    ],
    ids=str,
)
def test_a_loop_of_ones_own_is_marked(facts, words):
    assert _steps_words(SimpleNamespace(**facts)) == words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("commit", "abc123+", "abc123 with uncommitted changes"),
        ("commit", "abc123", "abc123"),
        ("torch", "2.15.0+", "2.15.0+"),
    ],
)
def test_uncommitted_changes_are_named_in_words(name, value, words):
    assert code_stamp(name, value) == words
