from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from leaderboard.rank.means import Estimate
from leaderboard.rank.regret import REGRET_KEY, has_regret
from leaderboard.tables.columns import COLUMNS, columns_of, metric_column
from leaderboard.tables.context import Context
from leaderboard.tables.headings import headings

CONTEXT = Context(card=None, planned=2, common=2, reference=None)


@pytest.mark.parametrize(
    "metric",
    [
        "balanced_accuracy_gap",
        "auroc_gap",
        "equalized_odds_difference",
        "demographic_parity_difference",
    ],
)
def test_a_metric_of_attributes_says_that_the_largest_is_shown(metric):
    assert metric_column(metric, "").help.endswith("Largest over the attributes.")


@pytest.mark.parametrize("metric", ["auroc", "balanced_accuracy", "expected_calibration_error"])
def test_a_metric_of_everybody_does_not(metric):
    assert "attributes" not in metric_column(metric, "").help


def test_a_worst_cell_is_named_only_where_all_seeds_agree(built):
    shown = [" ".join(row["worst_group_accuracy"]) for row in built.page.rows.values()]
    named = [words for words in shown if "worst cell with every seed: " in words]
    differing = [words for words in shown if "worst cells differ between seeds" in words]
    single = built.page.row("cmr-heart-failure", "class_resampling")["worst_group_accuracy"]
    assert named and differing and " worst cell: " in single


def run_with(note, value=0.3):
    keys = SimpleNamespace(places={REGRET_KEY: 0})
    return SimpleNamespace(
        table=SimpleNamespace(keys=keys, notes={0: note}, values=np.array([[value]]))
    )


def regret_cell_of(*notes):
    row = SimpleNamespace(done=[run_with(note) for note in notes])
    standing = SimpleNamespace(row=row, overall=lambda metric: Estimate(0.3, 0.25, 0.34))
    (column,) = [c for c in columns_of(CONTEXT) if c.key == "worst_cell_regret"]
    return column.cell(standing, CONTEXT)


def test_regret_has_an_interval_and_names_the_cell_where_all_seeds_agree():
    cell = regret_cell_of("sex=f, ill", "sex=f, ill")
    assert (cell.text, cell.sub) == ("30.0%", "25.0–34.0\nin sex=f, ill")
    assert regret_cell_of("sex=f, ill", "sex=m, ill").sub.endswith("cells differ between seeds")


def test_where_no_run_has_a_ceiling_there_is_no_column_of_regret():
    board = SimpleNamespace(rows=[SimpleNamespace(done=[run_with("", np.nan)])])
    assert not has_regret(board)
    assert "worst_cell_regret" not in [c.key for c in columns_of(replace(CONTEXT, regret=False))]
    board.rows[0].done.append(run_with("sex=f, ill"))
    assert has_regret(board)


def test_real_patients_have_no_columns_of_patients_as_recruited():
    keys = {
        digital: {column.key for column in columns_of(replace(CONTEXT, digital=digital))}
        for digital in (True, False)
    }
    assert keys[True] - keys[False] == {
        "recruited_accuracy",
        "recruited_auroc",
        "recruited_calibration_error",
    }


def test_every_column_stands_below_one_heading():
    """Columns that are hidden together have a head of their own, so that no span is cut."""
    found = headings(COLUMNS)
    assert sum(heading.span for heading in found) == len(COLUMNS)
    titles = [heading.title for heading in found]
    assert len(set(titles)) == len(titles)
    assert [tuple(heading) for heading in found[:3]] == [
        ("", 2, False),
        ("Worst group", 3, False),
        ("Worst group, more", 3, True),
    ]


def test_the_columns_shown_first_fit_a_desktop():
    assert len([column for column in COLUMNS if not column.more]) <= 12
