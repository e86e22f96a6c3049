import pytest

from leaderboard.tables.columns import metric_column


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


def test_the_worst_cell_of_several_seeds_is_the_worst_on_average(built):
    several, one = (
        built.page.row("cmr-heart-failure", name)["worst_group_accuracy"]
        for name in ("erm", "class_resampling")
    )
    assert " worst on average: " in several
    assert " worst: " in one
