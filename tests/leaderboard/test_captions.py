"""What the captions say of intervals is true of the metrics."""

from benchmark.metrics.catalogue import METRICS
from leaderboard.tables.groups import detail_metrics


def test_the_metrics_whose_interval_does_not_cover_seeds_are_named(built, fake):
    shown = detail_metrics(fake.BRAIN, "group") + detail_metrics(fake.BRAIN, "attribute")
    over_patients_only = [METRICS[name].title for name in shown if not METRICS[name].keeps_draws]
    assert over_patients_only == ["Sensitivity", "Specificity"]
    assert "also cover seeds, except for sensitivity and specificity" in built.text
