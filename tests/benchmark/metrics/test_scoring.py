import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from benchmark.api.scores import ScoreKey
from benchmark.metrics.catalogue import METRICS
from benchmark.metrics.decision import balanced_offsets, decide
from benchmark.metrics.scoring import keys_with_draws, score_keys, score_predictions
from tests.benchmark.metrics.found_scores import find

HEADLINE_GAPS = (
    "balanced_accuracy_gap",
    "auroc_gap",
    "equalized_odds_difference",
    "demographic_parity_difference",
)


@pytest.fixture
def eight_scores(eight_rows, sex_card):
    return score_predictions(eight_rows, sex_card, resamples=20).scores


def without(table, **words):
    """Drop the test rows that hold all of these words."""
    held = table["split"] == "test"
    for column, word in words.items():
        held &= table[column] == word
    return table[~held]


# With threshold 0.5: female well 2 of 2 right, ill 1 of 2; male well 1 of 2, ill 2 of 2.
@pytest.mark.parametrize(
    ("metric", "attributes", "group", "label", "value", "n"),
    [
        ("accuracy", (), (), None, 0.75, 8),
        ("balanced_accuracy", (), (), None, 0.75, 8),
        ("auroc", (), (), None, 15 / 16, 8),  # of 16 pairs, ill 0.4 loses to well 0.6
        ("sensitivity", "sex", "female", None, 0.5, 4),
        ("specificity", "sex", "female", None, 1.0, 4),
        ("selection_rate", "sex", "female", None, 0.25, 4),
        ("selection_rate", "sex", "male", None, 0.75, 4),
        ("auroc", "sex", "female", None, 1.0, 4),
        ("cell_accuracy", "sex", "female", "ill", 0.5, 2),
        ("cell_accuracy", "sex", "male", "ill", 1.0, 2),
        ("equalized_odds_difference", "sex", (), None, 0.5, 8),
        ("demographic_parity_difference", "sex", (), None, 0.5, 8),
        ("balanced_accuracy_gap", "sex", (), None, 0.0, 8),
        ("worst_group_accuracy", (), (), None, 0.5, 2),
    ],
)
def test_eight_rows_by_hand(eight_scores, metric, attributes, group, label, value, n):
    score = find(eight_scores, metric, attributes, group, label)
    assert score.value == pytest.approx(value)
    assert score.n == n


def test_the_own_threshold_moves_the_own_accuracy_only(eight_rows, sex_card):
    """At 0.15, of the two well women one is right, of the well men none."""
    plain, own = (
        score_predictions(eight_rows, sex_card, own_threshold=threshold, resamples=0).scores
        for threshold in (None, 0.15)
    )
    assert find(plain, "worst_group_accuracy_own").value == 0.5
    worst = find(own, "worst_group_accuracy_own")
    assert (worst.value, worst.note, worst.n) == (0.0, "sex=male, well", 2)
    changed = [a.key.metric for a, b in zip(plain, own, strict=True) if a != b]
    assert changed == ["worst_group_accuracy_own"]


def test_the_worst_auroc_is_that_of_a_group(eight_rows, sex_card):
    """Of the men's 4 pairs none is lost; a woman who is well gets more than one who is ill."""
    table = eight_rows.copy()
    table.loc[table.index[5], ["probability_0", "probability_1"]] = 0.5, 0.5
    worst = find(score_predictions(table, sex_card, resamples=0).scores, "worst_group_auroc")
    assert (worst.value, worst.note, worst.n) == (0.75, "sex=female", 4)


def recruit(table, positive):
    """Add ill patients as recruited, with these probabilities, and one who is well, with 0.2."""
    rows = table[table["split"] == "test"].head(1 + len(positive)).copy()
    rows["image_id"] = [f"recruited-{row}" for row in range(len(rows))]
    rows["patient_id"], rows["split"] = rows["image_id"], "recruited"
    rows["label"] = ["well", *["ill"] * len(positive)]
    rows["probability_1"] = [0.2, *positive]
    rows["probability_0"] = 1 - rows["probability_1"]
    return pd.concat([table, rows], ignore_index=True)


def test_recruited_patients_are_scored_apart(eight_rows, sex_card):
    """Right are 2 of 4; of 3 pairs one is lost; p is 0.2, 0.4, 0.1, 0.9 and the truth 0, 1, 1, 1.

    The calibration error is the mean of 0.2, 0.6, 0.9 and 0.1.
    """
    table = recruit(eight_rows, [0.4, 0.1, 0.9])
    before = score_predictions(eight_rows, sex_card, resamples=20)
    after = score_predictions(table, sex_card, resamples=20)
    assert find(after.scores, "recruited_accuracy").value == 0.5
    assert find(after.scores, "recruited_accuracy").n == 4
    assert find(after.scores, "recruited_auroc").value == pytest.approx(2 / 3)
    assert find(after.scores, "recruited_calibration_error").value == pytest.approx(0.45)
    others = [[s for s in r.scores if "recruited" not in s.key.metric] for r in (before, after)]
    assert others[0] == others[1]


def test_without_recruited_patients_their_scores_are_undefined_with_a_reason(eight_scores):
    for metric in ("recruited_accuracy", "recruited_auroc", "recruited_calibration_error"):
        score = find(eight_scores, metric)
        assert (score.value, score.low, score.n) == (None, None, 0)
        assert score.note.startswith("undefined: these predictions hold nobody as the training")


def test_threshold_is_chosen_on_val(eight_rows, sex_card):
    assert score_predictions(eight_rows, sex_card, resamples=0).threshold == pytest.approx(0.5)


def test_worst_group_names_its_cell(eight_rows, sex_card):
    scores = score_predictions(eight_rows, sex_card, resamples=0).scores
    assert find(scores, "worst_group_accuracy").note == "sex=female, ill"


def test_too_few_patients_for_an_interval_is_said(eight_scores):
    # Two patients per cell: a quarter of the resamples lose one of them altogether.
    score = find(eight_scores, "worst_group_accuracy")
    assert (score.low, score.high) == (None, None)
    assert score.note.endswith("no interval: undefined in too many resamples")


def test_positives_are_counted(eight_scores):
    assert find(eight_scores, "auroc", "sex", "male").positives == 2


def test_shuffled_test_labels_change_no_threshold(card, draw_predictions):
    table = draw_predictions(card, 200, 0)
    test = (table["split"] == "test").to_numpy()
    shuffled = table.copy()
    rng = np.random.default_rng(1)
    shuffled.loc[test, "label"] = rng.permutation(table["label"][test].to_numpy())
    before, after = (score_predictions(t, card, resamples=0).threshold for t in (table, shuffled))
    assert before == after


def test_a_group_without_positives_is_undefined_with_its_reason(eight_rows, sex_card):
    table = without(eight_rows, sex="female", label="ill")
    scores = score_predictions(table, sex_card, resamples=20).scores
    reason = "undefined: of sex=female's 2 test images none is ill"
    for metric in ("auroc", "balanced_accuracy", "sensitivity"):
        score = find(scores, metric, "sex", "female")
        assert (score.value, score.low, score.note) == (None, None, reason)
    for metric in ("worst_group_accuracy", "balanced_accuracy_gap", "equalized_odds_difference"):
        score = find(scores, metric)
        assert (score.value, score.low, score.note) == (None, None, reason)
    assert find(scores, "specificity", "sex", "female").value == 1


def test_an_empty_cell_is_undefined_and_not_zero(eight_rows, sex_card):
    table = without(eight_rows, sex="female", label="ill")
    scores = score_predictions(table, sex_card, resamples=0).scores
    score = find(scores, "cell_accuracy", "sex", "female", "ill")
    assert (score.value, score.n) == (None, 0)
    assert score.note == "undefined for sex=female, ill: no test image"


def test_a_group_of_nobody_makes_every_gap_undefined(eight_rows, sex_card):
    scores = score_predictions(without(eight_rows, sex="male"), sex_card, resamples=20).scores
    for metric in HEADLINE_GAPS:
        score = find(scores, metric)
        assert (score.value, score.note) == (None, "undefined: sex=male has no test image")


@given(st.integers(0, 10_000))
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_undefined_values_and_reasons_go_together(draw_predictions, card, seed):
    scores = score_predictions(draw_predictions(card, 16, seed), card, resamples=10).scores
    assert all((s.value is None) == s.note.startswith("undefined") for s in scores)


def test_worst_is_below_the_mean_and_every_value_is_in_its_interval(card, draw_predictions):
    scores = score_predictions(draw_predictions(card, 600, 2), card, resamples=100).scores
    worst = find(scores, "worst_group_accuracy").value
    assert worst <= find(scores, "balanced_accuracy").value
    assert all(s.low <= s.value <= s.high for s in scores if s.value is not None)


def test_the_headline_leaves_intersections_out(card, draw_predictions):
    scores = score_predictions(draw_predictions(card, 400, 3), card, resamples=0).scores
    cells = [s for s in scores if s.key.metric == "cell_accuracy"]
    single = [s.value for s in cells if len(s.key.attributes) == 1]
    assert find(scores, "worst_group_accuracy").value == min(single)
    assert min(s.value for s in cells) < min(single)


def test_the_overall_gap_is_the_largest_of_the_attributes(card, draw_predictions):
    scores = score_predictions(draw_predictions(card, 400, 4), card, resamples=0).scores
    for metric in HEADLINE_GAPS:
        by_attribute = {name: find(scores, metric, name).value for name in ("sex", "age")}
        largest = max(by_attribute, key=by_attribute.get)
        overall = find(scores, metric)
        assert (overall.value, overall.note) == (by_attribute[largest], f"largest over {largest}")


def test_intersections_are_scored_under_both_names(card, draw_predictions):
    scores = score_predictions(draw_predictions(card, 400, 5), card, resamples=0).scores
    assert find(scores, "cell_accuracy", ("sex", "age"), ("female", "old"), "ill").n > 0
    assert find(scores, "auroc_gap", ("sex", "age")).value > 0


def test_the_order_of_the_rows_changes_nothing(card, draw_predictions):
    table = draw_predictions(card, 200, 6)
    shuffled = table.sample(frac=1, random_state=0)
    before, after = (score_predictions(t, card) for t in (table, shuffled))
    assert (before.scores, before.threshold) == (after.scores, after.threshold)


def test_three_classes_are_decided_by_offsets_from_val(three_class_card, draw_predictions):
    table = draw_predictions(three_class_card, 600, 7)
    scored = score_predictions(table, three_class_card, resamples=20)
    scores, threshold = scored.scores, scored.threshold
    test = table[table["split"] == "test"]
    labels = three_class_card.encode_labels(test)
    probability = test[[f"probability_{c}" for c in range(3)]].to_numpy()
    assert threshold is None
    val = table[table["split"] == "val"]
    of_val = val[[f"probability_{c}" for c in range(3)]].to_numpy()
    expected = balanced_offsets(three_class_card.encode_labels(val), of_val)
    assert scored.offsets == pytest.approx(expected)
    expected = balanced_accuracy_score(labels, decide(probability, scored.offsets))
    assert find(scores, "balanced_accuracy").value == pytest.approx(expected)
    area = roc_auc_score(labels, probability, multi_class="ovr", average="macro")
    assert find(scores, "auroc").value == pytest.approx(area)
    assert not [s for s in scores if s.key.metric in ("sensitivity", "selection_rate")]
    assert find(scores, "cell_accuracy", "site", "z", "c").n > 0


def test_every_metric_is_in_the_catalogue(card, draw_predictions):
    scores = score_predictions(draw_predictions(card, 200, 8), card, resamples=0).scores
    assert {s.key.metric for s in scores} == set(METRICS)


def test_a_comma_in_a_value_divides_nobody(comma_card, draw_predictions):
    table = draw_predictions(comma_card, 400, 14)
    scores = score_predictions(table, comma_card, resamples=20).scores
    assert find(scores, "auroc", "ethnicity", "Asian, other").n > 0
    group = ("Asian, other", "50, or over")
    assert find(scores, "auroc", ("ethnicity", "age"), group).n > 0


def test_a_comma_in_a_value_is_kept_in_the_reason(comma_card, draw_predictions):
    table = without(draw_predictions(comma_card, 100, 15), ethnicity="Asian, other")
    scores = score_predictions(table, comma_card, resamples=0).scores
    reason = "undefined: ethnicity=Asian, other has no test image"
    assert find(scores, "balanced_accuracy_gap", "ethnicity").note == reason


@pytest.mark.parametrize("name", ["card", "comma_card", "three_class_card"])
def test_every_score_has_its_address_and_no_two_share_one(name, draw_predictions, request):
    card = request.getfixturevalue(name)
    scores = score_predictions(draw_predictions(card, 200, 9), card, resamples=0).scores
    assert [s.key for s in scores] == score_keys(card)
    assert len(set(score_keys(card))) == len(scores)


def test_headlines_begin_with_the_scored_value(card, draw_predictions):
    table = draw_predictions(card, 200, 10)
    scored = score_predictions(table, card, resamples=30)
    scores, draws = scored.scores, scored.draws
    overall = {ScoreKey(n) for n, m in METRICS.items() if m.keeps_draws and m.per != "cell"}
    groups = [("sex", "female"), ("sex", "male"), ("age", "young"), ("age", "middle")]
    of_groups = {ScoreKey("balanced_accuracy", (a,), (v,)) for a, v in [*groups, ("age", "old")]}
    assert set(draws) == overall | of_groups
    assert list(draws) == keys_with_draws(card)
    values = {score.key: score.value for score in scores}
    for key, drawn in draws.items():
        assert drawn.shape == (31,)
        assert drawn[0] == values[key] or np.isnan(drawn[0])


def test_two_methods_are_resampled_alike(card, draw_predictions):
    table = draw_predictions(card, 200, 11)
    other = table.copy()
    other[["probability_0", "probability_1"]] = 1 - 0.5 * table[["probability_1", "probability_0"]]
    other["probability_0"] = 1 - other["probability_1"]
    first, second = (
        score_predictions(t, card, resamples=30).draws[ScoreKey("auroc")] for t in (table, other)
    )
    assert first == pytest.approx(second)  # a rising transform: paired, so equal in each resample


def test_many_images_of_few_patients_widen_the_interval(sex_card, draw_predictions):
    table = draw_predictions(sex_card, 400, 12)
    many = table.loc[table.index.repeat(4)].reset_index(drop=True)
    many["image_id"] = [f"image-{row}" for row in range(len(many))]
    one, copies = (find(score_predictions(t, sex_card).scores, "accuracy") for t in (table, many))
    assert copies.high - copies.low == pytest.approx(one.high - one.low, rel=0.1)


def test_a_bad_table_is_refused(eight_rows, sex_card):
    with pytest.raises(ValueError, match="cannot be scored"):
        score_predictions(eight_rows.drop(columns="label"), sex_card)


def test_scoring_imports_nothing_heavy():
    heavy = "{'torch', 'torchmetrics', 'sklearn', 'fairlearn'}"
    code = f"import sys, benchmark.metrics.scoring; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
