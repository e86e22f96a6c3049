from types import SimpleNamespace

import pytest

from leaderboard.words.board_notes import board_notes


def board(*, digital=False, train=(5,), test=(5,), development=False, differs=()):
    """A stand-in without settings to compare: counts per cell, and the images of scores."""
    counts = tuple({"split": "train", "n": n} for n in train)
    run = SimpleNamespace(
        key=(0, "fp"),
        scores=tuple(SimpleNamespace(n=n) for n in test),
    )
    row = SimpleNamespace(name="mine", done=(run,), differs=differs)
    return SimpleNamespace(
        rows=(row,),
        development=development,
        facts=SimpleNamespace(digital=digital),
        cohort=SimpleNamespace(counts=counts),
    )


@pytest.mark.parametrize("few", [{"train": (9, 1)}, {"train": (4,)}, {"test": (50, 4)}])
def test_small_cells_of_a_table_cohort_are_not_for_publication(few):
    warning = "This page names cells of fewer than five patients: do not publish it."
    assert board_notes(board(**few)) == [warning]


@pytest.mark.parametrize("enough", [{}, {"train": (0, 5)}, {"digital": True, "train": (1,)}])
def test_empty_and_large_cells_and_digital_patients_need_no_warning(enough):
    assert board_notes(board(**enough)) == []


def test_a_board_of_development_seeds_says_what_it_is_for():
    (words,) = board_notes(board(development=True))
    assert words.startswith("Development seeds: these runs are for choosing settings.")


def test_rows_that_were_made_differently_are_named():
    (words,) = board_notes(board(differs=("torch 2 instead of 3",)))
    assert words.endswith("Small differences may come from that: mine (torch 2 instead of 3).")
