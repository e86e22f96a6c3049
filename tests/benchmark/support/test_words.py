import pytest

from benchmark.support.words import counted, listed, seed_words


@pytest.mark.parametrize(
    ("n", "words"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1500, "1,500 runs")]
)
def test_one_is_singular(n, words):
    assert counted(n, "run") == words


def test_a_plural_may_be_a_word_of_its_own():
    assert [counted(n, "is", "are") for n in (1, 2)] == ["1 is", "2 are"]


def test_seeds_are_named_in_the_singular_for_one():
    assert [seed_words(seeds) for seeds in ((3,), (1, 2))] == ["seed 3", "seeds 1, 2"]


def test_names_that_do_not_fit_are_counted():
    assert listed(["a", "b"]) == "a, b"
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"


def test_names_that_hold_a_comma_are_parted_by_semicolons():
    assert listed(["a, x = 1", "b"]) == "a, x = 1; b"
    assert listed(["a, x = 1", "b", "c"], most=2) == "a, x = 1; b; and 1 more"
