"""The sentence about runs that are still to come; none where nothing is."""

from dataclasses import replace

import pytest

from benchmark.records.unfinished import Unfinished
from leaderboard.words.unfinished import unfinished_words

SO_FAR = Unfinished(total=94, done=26, failed=0, more_seeds=13, to_come=("base", "tuned"))


def test_a_page_of_all_runs_says_nothing():
    assert unfinished_words(None) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {},
            "When this page was written, 26 of 94 runs were done; still to come were more seeds of "
            "13 rows, and base and tuned.",
        ),
        (
            {"done": 1, "failed": 2, "more_seeds": 1, "to_come": ()},
            "When this page was written, 1 of 94 runs was done and 2 had failed; still to come "
            "were more seeds of one row.",
        ),
        (
            {"more_seeds": 0, "to_come": tuple(f"m{n}" for n in range(14))},
            "When this page was written, 26 of 94 runs were done; still to come were m0, m1, m2, "
            "m3, m4, m5, m6, m7, m8, m9, m10, m11 and 2 more.",
        ),
    ],
)
def test_it_says_what_was_to_come(change, words):
    assert unfinished_words(replace(SO_FAR, **change)) == words
