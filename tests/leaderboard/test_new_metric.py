"""A metric is one function and one entry: the page and its glossary follow."""

from benchmark.metrics.catalogue import METRICS, Metric
from leaderboard.build import build


def largest_share_of_answers(counts):
    """Largest share of one answer in any group: (resamples,)."""
    answers = counts.sum(axis=-2)
    return (answers / answers.sum(axis=-1, keepdims=True)).max(axis=(1, 2))


def test_a_new_metric_is_shown_and_explained(fake, monkeypatch, tmp_path, read_page):
    metric = Metric(
        "One answer for all",
        "lower",
        "Largest share of one answer in any group.",
        "images",
        "answers",
        largest_share_of_answers,
        "attribute",
        "{:.2%}",  # as no other metric is printed
    )
    monkeypatch.setitem(METRICS, "one_answer", metric)
    fake.write_run(tmp_path / "runs", fake.BRAIN, fake.METHODS[0], 0)
    majority = fake.FakeMethod("majority_class", "control", skill=0, penalty=0)
    fake.write_run(tmp_path / "runs", fake.BRAIN, majority, 0)
    page = read_page(build(tmp_path / "runs", tmp_path / "out"))
    detail = page.row("brain", "majority_class")["detail"]
    assert "One answer for all" in detail and "100.00%" in detail
    assert "Largest share of one answer in any group." in page.words
