from types import SimpleNamespace

import pytest

from benchmark.api.scores import ScoreKey
from leaderboard.rank.means import Estimate
from leaderboard.tables.columns import Context, columns_of, metric_column


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
    assert metric_column(metric).help.endswith("Largest over the attributes.")


@pytest.mark.parametrize("metric", ["auroc", "balanced_accuracy", "expected_calibration_error"])
def test_a_metric_of_everybody_does_not(metric):
    assert "attributes" not in metric_column(metric).help


def test_a_worst_cell_is_named_only_where_all_seeds_agree(built):
    shown = [" ".join(row["worst_group_accuracy"]) for row in built.page.rows.values()]
    named = [words for words in shown if "worst cell with every seed: " in words]
    differing = [words for words in shown if "worst cells differ between seeds" in words]
    single = built.page.row("cmr-heart-failure", "class_resampling")["worst_group_accuracy"]
    assert named and differing and " worst cell: " in single


def test_regret_is_measured_from_the_ceiling_in_the_cell_where_it_is_largest():
    keys = [ScoreKey("cell_accuracy", ("sex",), (value,), "ill") for value in ("f", "m")]
    accuracy = dict(zip(keys, (0.6, 0.5), strict=True))
    row = SimpleNamespace(get=lambda key: Estimate(accuracy[key]), row=SimpleNamespace(done=True))
    ceilings = dict(zip(keys, (0.9, 0.55), strict=True))
    context = Context(card=None, planned=2, common=2, reference=None, ceilings=ceilings)
    (column,) = [c for c in columns_of(context) if c.key == "regret"]
    cell = column.cell(row, context)
    assert (cell.text, cell.sub, round(cell.sort, 6)) == ("30.0", "ill, f", 0.3)


def test_without_a_ceiling_there_is_no_column_of_regret():
    context = Context(card=None, planned=2, common=2, reference=None)
    assert "regret" not in [column.key for column in columns_of(context)]


def test_real_patients_have_no_columns_of_patients_as_recruited():
    keys = {
        digital: {column.key for column in columns_of(Context(None, 2, 2, None, {}, digital))}
        for digital in (True, False)
    }
    assert keys[True] - keys[False] == {
        "recruited_accuracy",
        "recruited_auroc",
        "recruited_calibration_error",
    }
