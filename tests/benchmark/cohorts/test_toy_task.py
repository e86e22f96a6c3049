import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from benchmark.api.data import Source
from benchmark.api.protocols import DigitalTask
from benchmark.cohorts.checks import cell_counts, check_splits
from benchmark.cohorts.toy import ToyTask, toy_task

SOURCE = Source(image_size=16, train=400, val=50, test=120, recruited=60)
SHAPES = [(2, 2), (2, 3), (3, 2), (3, 3)]


@pytest.mark.parametrize(("groups", "classes"), SHAPES)
def test_every_shape_is_a_sound_cohort_with_a_balanced_test(groups, classes):
    task = toy_task(groups, classes)
    splits = task.load(SOURCE, task.knobs.variant(), 0)
    check_splits(splits, task.card)
    counts = cell_counts(splits, task.card)
    assert set(counts.loc[counts["split"] == "test", "n"]) == {-(-120 // (groups * classes))}
    assert isinstance(task, DigitalTask)


def test_the_same_seed_gives_the_same_images_and_another_seed_others():
    first, again, other = (
        toy_task().load(SOURCE, toy_task().knobs.variant(), seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.train.images, again.train.images)
    assert first.fingerprint == again.fingerprint
    assert not np.array_equal(first.train.images, other.train.images)
    assert first.fingerprint != other.fingerprint


def test_the_test_populations_are_the_same_for_every_seed():
    one, other = (toy_task().load(SOURCE, toy_task().knobs.variant(), seed) for seed in (0, 1))
    np.testing.assert_array_equal(one.test.images, other.test.images)
    np.testing.assert_array_equal(one.recruited.images, other.recruited.images)
    pd.testing.assert_frame_equal(one.recruited.table, other.recruited.table)


def test_the_recruited_are_biased_as_train_is_and_their_labels_clean():
    clean, noisy = (
        toy_task().load(SOURCE, toy_task().knobs.variant(label_noise=noise), 0).recruited.table
        for noise in (0, 0.25)
    )
    pd.testing.assert_frame_equal(clean, noisy)
    assert ((clean["label"] == "low") == (clean["site"] == "north")).mean() > 0.8


def agreement(severity: float) -> float:
    table = (
        toy_task()
        .load(Source(image_size=4, train=4000), toy_task().knobs.variant(severity=severity), 0)
        .train.table
    )
    return float(((table["label"] == "low") == (table["site"] == "north")).mean())


def test_severity_turns_the_shortcut():
    assert agreement(0) == pytest.approx(0.5, abs=0.03)
    assert agreement(1) == pytest.approx(0.9, abs=0.02)


def test_prevalence_and_label_noise_hold_in_train_and_spare_test():
    clean = toy_task().load(SOURCE, toy_task().knobs.variant(prevalence=0.2), 0)
    noisy = toy_task().load(SOURCE, toy_task().knobs.variant(prevalence=0.2, label_noise=0.25), 0)
    assert (clean.train.table["label"] == "high").mean() == pytest.approx(0.2, abs=0.05)
    assert (clean.train.table["label"] != noisy.train.table["label"]).sum() == 100
    pd.testing.assert_frame_equal(clean.test.table, noisy.test.table)


def test_a_model_that_follows_the_shortcut_fails_the_rare_cells():
    splits = toy_task(2, 3).load(SOURCE, toy_task(2, 3).knobs.variant(), 0)
    train, test = splits.train, splits.test
    model = LogisticRegression(max_iter=500)
    model.fit(train.images.reshape(len(train), -1), train.table["label"])
    right = model.predict(test.images.reshape(len(test), -1)) == test.table["label"]
    per_cell = right.groupby([test.table["label"], test.table["site"]]).mean()
    assert per_cell.max() > 0.9
    assert per_cell.min() < 0.6


def test_new_patients_are_as_requested():
    task = ToyTask(3, 2)
    requests = pd.DataFrame({"label": ["high", "low"], "site": ["east", "north"]})
    split = task.new_patients(requests, SOURCE, 0)
    pd.testing.assert_frame_equal(split.table[["label", "site"]], requests)
    stripe = split.images[:, 0, :, 0].mean(axis=1)
    assert stripe[0] > stripe[1] + 0.4
    height = [np.nonzero(mask[0])[0].mean() for mask in split.masks]
    assert height[0] < height[1]  # rows are counted from the top


def test_a_row_is_said_in_a_sentence():
    row = {"label": "low", "site": "north"}
    assert toy_task().prompt(row) == "a picture from the north site with a low blob"


def test_only_two_or_three_are_allowed_and_both_mistakes_are_told():
    with pytest.raises(ValueError, match="groups is 4; classes is 1"):
        ToyTask(4, 1)
