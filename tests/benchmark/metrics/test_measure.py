"""A metric is one function and one entry: scoring follows."""

import numpy as np
import pytest

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS, Metric
from benchmark.metrics.fairness import gap
from benchmark.metrics.performance import ratio
from benchmark.metrics.scoring import score_predictions


def predictive_parity(counts):
    """Gap over groups in the share of positive answers that are right."""
    positive = counts[..., 1]
    return gap(ratio(positive[..., 1], positive.sum(axis=-1)))


def entry(function, reads="answers", per="attribute", better="lower"):
    return Metric("New", better, "A new metric.", "every class", reads, function, per)


def value(scores, *key):
    (found,) = [score for score in scores if score.key == ScoreKey(*key)]
    return found.value


@pytest.fixture
def score_new(monkeypatch, eight_rows, sex_card):
    def score(metric):
        monkeypatch.setitem(METRICS, "new", metric)
        return score_predictions(eight_rows, sex_card, resamples=5).scores

    return score


def test_a_new_metric_over_attributes_is_scored(score_new):
    """Of the women called ill 1 of 1 is ill, of the men 2 of 3."""
    scores = score_new(entry(predictive_parity))
    assert value(scores, "new", ("sex",)) == pytest.approx(1 / 3)
    assert value(scores, "new") == pytest.approx(1 / 3)


def test_a_new_metric_of_probabilities_is_scored_in_every_group(score_new):
    """Women's probabilities are 0.1, 0.2, 0.4 and 0.9."""
    scores = score_new(entry(lambda y, p, w: w @ p[:, 1] / w.sum(axis=1), "probabilities", "group"))
    assert value(scores, "new", ("sex",), ("female",)) == pytest.approx(0.4)
    assert value(scores, "new") == pytest.approx(0.5)


def test_a_new_metric_may_read_another_one(score_new):
    """Right are 3 of 4 women and 3 of 4 men."""
    scores = score_new(entry(lambda accuracy: accuracy.min(axis=1), "accuracy"))
    assert value(scores, "new") == pytest.approx(0.75)


def test_where_higher_is_better_the_smallest_attribute_counts(monkeypatch, card, draw_predictions):
    ratio = entry(lambda rates: rates.min(axis=1) / rates.max(axis=1), "accuracy", better="higher")
    monkeypatch.setitem(METRICS, "new", ratio)
    scores = score_predictions(draw_predictions(card, 200, 0), card, resamples=0).scores
    each = [value(scores, "new", (name,)) for name in ("sex", "age")]
    assert value(scores, "new") == min(each) < max(each)


def test_the_worst_group_of_a_run_is_named(score_new):
    """Positive answers that are right: 1 of 1 of the women, 2 of 3 of the men."""
    scores = score_new(entry(lambda n: ratio(n[..., 1, 1], n[..., 1].sum(axis=2)), per="run"))
    (worst,) = [score for score in scores if score.key == ScoreKey("new")]
    assert (worst.value, worst.n) == (1.0, 4)  # lower is better
    assert worst.note.startswith("sex=female;")


def test_what_keeps_no_draws_has_none(monkeypatch, eight_rows, sex_card):
    silent = Metric("New", "lower", "", "images", "accuracy", lambda x: x, keeps_draws=False)
    monkeypatch.setitem(METRICS, "new", silent)
    assert ScoreKey("new") not in score_predictions(eight_rows, sex_card, resamples=5).draws


def test_a_function_that_returns_another_shape_is_refused(score_new):
    with pytest.raises(ValueError, match=r"'new' returned shape \(6, 2\).*per='attribute'"):
        score_new(entry(lambda accuracy: np.repeat(accuracy[:, :1], 2, axis=1), "accuracy"))


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_reads_what_there_is(name):
    read = {"answers", "own answers", "probabilities", "below ceiling", *METRICS}
    assert METRICS[name].reads in read
