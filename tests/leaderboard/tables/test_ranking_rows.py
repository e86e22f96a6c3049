from types import SimpleNamespace

import pytest

from leaderboard.tables.ranking_rows import _steps_words


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
