from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.cohorts.toy import toy_task
from leaderboard.rank.regret import REGRET_KEY
from leaderboard.rank.worst_cells import headline_cells
from leaderboard.words.board_notes import board_notes

CARD = toy_task(2, 2).card
CELLS = headline_cells(CARD)


def board(
    *,
    digital=False,
    train=(5,),
    test=(5,),
    development=False,
    differs=(),
    regret=0.3,
    shift=0.0,
    cells=None,
):
    """A stand-in without settings to compare: counts per cell, and the images of scores."""
    cells = cells or {}
    places = {key: place for place, key in enumerate(cells, start=1)}
    counts = tuple({"split": "train", "n": n} for n in train)
    run = SimpleNamespace(
        key=(0, "fp"),
        scores=tuple(SimpleNamespace(n=n) for n in test),
        table=SimpleNamespace(
            keys=SimpleNamespace(places={REGRET_KEY: 0} | dict.fromkeys(CELLS, 0) | places),
            values=np.array([[regret]]),
            counts=np.array([[385, 0], *([n, 0] for n in cells.values())]),
        ),
    )
    method = SimpleNamespace(fields={})
    row = SimpleNamespace(name="mine", done=(run,), differs=differs, method=method, comparable=True)
    return SimpleNamespace(
        rows=(row,),
        development=development,
        facts=SimpleNamespace(digital=digital),
        cohort=SimpleNamespace(counts=counts),
        card=CARD,
        preset=SimpleNamespace(name="standard", source=SimpleNamespace(image_size=128)),
        variant=SimpleNamespace(knobs={"site_shift": shift}),
    )


def test_cells_with_too_few_patients_for_a_claim_are_named_the_smallest_first():
    north, _, south, _ = CELLS
    (words,) = board_notes(board(cells={north: 384, south: 0}))
    assert words == (
        "Too few test patients for a claim about the worst group, in 2 of 4 cells; 385 of a cell "
        "are needed to know its accuracy to within 5 points (95 %). south, low: nobody; north, "
        "low: 384 images, known to within 5 points."
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


def test_a_board_without_a_ceiling_says_which_command_makes_one():
    (words,) = board_notes(board(digital=True, regret=np.nan))
    assert words.startswith("There is no column Regret") and "128 pixels" in words
    assert f"`python docs/measurements/ceiling.py {CARD.name} --preset standard`" in words


def test_another_scanner_has_no_ceiling_that_could_be_made():
    (words,) = board_notes(board(digital=True, regret=np.nan, shift=1.0))
    assert "site_shift 0" in words and "docs/measurements" not in words


def test_nobody_knows_the_ceiling_of_real_patients():
    assert board_notes(board(regret=np.nan)) == []
