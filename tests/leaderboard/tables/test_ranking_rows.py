from types import SimpleNamespace

import pytest

from leaderboard.rank.means import Estimate
from leaderboard.tables.ranking_rows import _row_notes, _steps_words, code_stamp


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


def test_an_opened_row_says_why_its_headline_is_undefined():
    note = "seed 0: undefined: sex=female has no test image"
    row = SimpleNamespace(done=(1,), older=0)
    standing = SimpleNamespace(
        row=row, not_run=(), headline=Estimate(None, note=note), gain=object(), claims=(),
        over_longer=None, headroom=None,
    )  # fmt: skip
    assert _row_notes(standing) == [
        "Worst-group accuracy is undefined: sex=female has no test image."
    ]


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
