"""The words for runs that failed."""

from leaderboard.read.error_words import first_line


def test_first_line_skips_blank_ones():
    assert first_line("\n  \nValueError: no\nmore") == "ValueError: no"
    assert first_line(None) == "no message was left"
