"""The shared ground of digital cohorts, with a model of a few lines instead of anatomy."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from benchmark.api.data import Source
from tasks.cmr_heart_failure.task import CmrHeartFailure
from tasks.digital import cohort
from tasks.digital.cohort import balanced_requests, draw_patients, load_splits

CARD, KNOBS = CmrHeartFailure.card, CmrHeartFailure.knobs
DEFAULT = KNOBS.variant()


@dataclass(frozen=True)
class Blank:
    """People without anatomy; each image is one random number, so that seeds show."""

    version: int = 1

    def biased_people(self, n, variant, rng):
        cells = CARD.cells()
        return cells.iloc[rng.integers(len(cells), size=n)].reset_index(drop=True)

    def requested_people(self, requests, rng):
        return requests.copy()

    def anatomy(self, people, rng):
        return people.assign(volume=rng.normal(size=len(people)))

    def render(self, patients, image_size, site_shift, rng):
        level = rng.random((len(patients), 1, 1, 1)).astype(np.float32) * (1 - site_shift / 4)
        images = np.broadcast_to(level, (len(patients), 2, image_size, image_size))
        return images, np.ones(images.shape, np.uint8)


@pytest.fixture
def source(tmp_path):
    return Source(image_size=4, train=300, val=10, test=24, recruited=11, cache=tmp_path)


def test_a_second_load_reads_the_same_files(source):
    first = load_splits(Blank(), CARD, source, DEFAULT, 0)
    second = load_splits(Blank(), CARD, source, DEFAULT, 0)
    assert first.train.images.filename == second.train.images.filename


def test_a_changed_model_is_not_served_from_the_cache(source):
    first = load_splits(Blank(), CARD, source, DEFAULT, 0)
    second = load_splits(Blank(version=2), CARD, source, DEFAULT, 0)
    assert first.fingerprint != second.fingerprint
    assert first.train.images.filename != second.train.images.filename


def test_a_chunk_does_not_depend_on_the_chunks_after_it(source, tmp_path):
    short = replace(source, train=cohort.CHUNK, cache=tmp_path / "short")
    one = load_splits(Blank(), CARD, short, DEFAULT, 0).train.images
    more = load_splits(Blank(), CARD, source, DEFAULT, 0).train.images
    assert np.array_equal(one, more[: cohort.CHUNK])
    assert len(np.unique(more[:, 0, 0, 0])) == 300  # every chunk has a seed of its own


def test_threads_do_not_change_the_images(source, tmp_path, monkeypatch):
    many = load_splits(Blank(), CARD, source, DEFAULT, 0).train.images
    monkeypatch.setattr(cohort.os, "sched_getaffinity", lambda _: {0})
    alone = replace(source, cache=tmp_path / "alone")
    assert np.array_equal(many, load_splits(Blank(), CARD, alone, DEFAULT, 0).train.images)


def test_every_split_has_a_seed_of_its_own(source):
    splits = load_splits(Blank(), CARD, source, DEFAULT, 0)
    levels = [split.images[:10, 0, 0, 0].tolist() for split in splits.parts().values()]
    assert len({level for split in levels for level in split}) == 40


def test_the_test_populations_are_the_same_files_for_every_seed_and_size_of_train(source):
    one = load_splits(Blank(), CARD, source, DEFAULT, 0)
    other = load_splits(Blank(), CARD, replace(source, train=20, val=5), DEFAULT, 1)
    assert other.test.images.filename == one.test.images.filename
    assert other.recruited.images.filename == one.recruited.images.filename
    assert other.train.images.filename != one.train.images.filename


def test_development_seeds_are_tested_on_other_patients_than_boards(source):
    board, one, other = (
        load_splits(Blank(), CARD, source, DEFAULT, seed) for seed in (0, 100, 101)
    )
    for name in cohort.POPULATIONS:
        first, second = getattr(one, name), getattr(other, name)
        assert first.images.filename == second.images.filename
        assert not set(first.images[:, 0, 0, 0]) & set(getattr(board, name).images[:, 0, 0, 0])
        assert first.table["image_id"][0] == f"{name}-development-00000"


def test_ids_of_the_test_populations_name_no_seed(source):
    splits = load_splits(Blank(), CARD, source, DEFAULT, 7)
    first = [split.table["image_id"][0] for split in splits.parts().values()]
    assert first == ["train-7-00000", "val-7-00000", "test-00000", "recruited-00000"]


def test_knobs_of_train_leave_test_and_knobs_of_test_leave_train(source):
    plain, biased, shifted = (
        load_splits(Blank(), CARD, source, KNOBS.variant(**knobs), 0)
        for knobs in ({}, {"severity": 0.5}, {"site_shift": 1})
    )
    assert biased.test.images.filename == plain.test.images.filename
    assert biased.recruited.images.filename != plain.recruited.images.filename
    assert shifted.train.images.filename == plain.train.images.filename
    for name in ("test", "recruited"):
        ours, theirs = (getattr(splits, name).images for splits in (shifted, plain))
        np.testing.assert_allclose(ours, 0.75 * theirs, rtol=1e-6)


def test_label_noise_spares_the_patients_as_recruited(source):
    clean, noisy = (
        load_splits(Blank(), CARD, source, KNOBS.variant(label_noise=noise), 0)
        for noise in (0, 0.5)
    )
    assert noisy.recruited.images.filename == clean.recruited.images.filename
    assert (noisy.val.table["label"] != clean.val.table["label"]).sum() == 5


@pytest.mark.parametrize("more", [{"recruited": 12}, {"recruited": 0}, {"test": 48}, {"val": 11}])
def test_the_fingerprint_changes_with_every_split(source, more):
    one = load_splits(Blank(), CARD, source, DEFAULT, 0)
    other = load_splits(Blank(), CARD, replace(source, **more), DEFAULT, 0)
    assert other.fingerprint != one.fingerprint


def test_without_a_size_nobody_is_recruited(source):
    splits = load_splits(Blank(), CARD, replace(source, recruited=0), DEFAULT, 0)
    assert splits.recruited is None
    assert list(splits.parts()) == ["train", "val", "test"]


def test_truth_lies_beside_the_split_and_matches_it(source):
    splits = load_splits(Blank(), CARD, source, DEFAULT, 0)
    folder = next(source.cache.glob("cohort-*/test"))
    truth = cohort.read_truth(folder)
    assert truth["image_id"].tolist() == splits.test.table["image_id"].tolist()
    assert "volume" in truth and "volume" not in splits.test.table


def test_balanced_requests_round_up():
    cells = balanced_requests(CARD, 25).value_counts()
    assert len(cells) == 24 and set(cells) == {2}


def test_new_patients_keep_the_order_of_requests(source):
    requests = CARD.cells().sample(frac=1, random_state=0)
    new = draw_patients(Blank(), CARD, requests, source, 0)
    assert (new.table[list(requests)].to_numpy() == requests.to_numpy()).all()


def test_new_patients_of_another_seed_differ(source):
    requests = CARD.cells()
    one, other = (draw_patients(Blank(), CARD, requests, source, s).images for s in (0, 1))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"severity": 1.6}, "severity is 1.6; allowed: 0 to 1.5"),
        ({"label_noise": -0.1}, "label_noise is -0.1; allowed: 0 to 0.5"),
        ({"site_shift": 3}, "site_shift is 3; allowed: 0 to 2"),
        ({"prevalence": 0.0}, "prevalence is 0; allowed: 0.01 to 0.99"),
        ({"women": 1.0}, "women is 1; allowed: 0.01 to 0.99"),
    ],
)
def test_bad_variants_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        KNOBS.variant(**values)


def test_label_noise_flips_to_the_next_class():
    people = pd.DataFrame({"label": ["a", "b", "c"]})
    flipped = cohort._flip_labels(people, 1.0, ("a", "b", "c"), np.random.default_rng(0))
    assert flipped.tolist() == ["b", "c", "a"]
