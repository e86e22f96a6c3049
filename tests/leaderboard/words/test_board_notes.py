from types import SimpleNamespace

import pytest

from leaderboard.words.board_notes import board_notes


def board(*, digital=False, train=(5,), test=(5,)):
    """A stand-in without settings to compare: counts per cell, and the images of scores."""
    counts = tuple({"split": "train", "n": n} for n in train)
    run = SimpleNamespace(
        key=(0, "fp"),
        scores=tuple(SimpleNamespace(n=n) for n in test),
        config=SimpleNamespace(engine="e", task=SimpleNamespace(source="t"), environment={}),
    )
    preset = SimpleNamespace(source="s", classifier="c", name="quick")
    row = SimpleNamespace(done=(run,), config=SimpleNamespace(preset=preset))
    return SimpleNamespace(
        rows=(row,),
        preset=preset,
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
