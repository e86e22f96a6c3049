"""Predictors are asked in mixed batches; one whose answer hangs on its neighbours is refused."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from benchmark.api.data import Split
from benchmark.running.asking import (
    BATCH,
    Asked,
    DependsOnOthers,
    ask_all,
    copied,
    sampled,
    shuffled_batches,
)


def split(n: int, name: str, start: float) -> Split:
    """Images of one grey each, from start upwards in steps of 0.001."""
    grey = start + np.arange(n, dtype=np.float32) / 1000
    images = np.broadcast_to(grey[:, None, None, None], (n, 1, 2, 2)).copy()
    table = pd.DataFrame({"image_id": [f"{name}-{i}" for i in range(n)], "site": name})
    return Split(images, np.zeros(images.shape, np.uint8), table)


SPLITS = {"val": split(120, "val", 0.0), "test": split(400, "test", 0.3)}


def two_columns(score):
    return np.column_stack([1 - score, score])


def brightness(images, groups):
    return two_columns(images.mean((1, 2, 3)))


def test_every_image_gets_its_own_answer_in_the_order_of_its_split():
    found = ask_all(brightness, SPLITS, ["site"], seed=0)
    for name, asked in SPLITS.items():
        np.testing.assert_array_equal(found[name][:, 1], asked.images.mean((1, 2, 3)))


def test_attributes_travel_with_their_images():
    def by_site(images, groups):
        assert list(groups) == ["site"]
        return two_columns((groups["site"] == "val").to_numpy().astype(float))

    found = ask_all(by_site, SPLITS, ["site"], seed=0)
    assert found["val"][:, 1].tolist() == [1.0] * 120
    assert found["test"][:, 1].tolist() == [0.0] * 400


def test_a_batch_mixes_the_splits_and_is_never_larger():
    seen = []

    def spy(images, groups):
        seen.append(groups["site"].tolist())
        return brightness(images, groups)

    ask_all(spy, SPLITS, ["site"], seed=0)
    assert max(map(len, seen)) == BATCH
    assert set(seen[0]) == set(seen[1]) == {"val", "test"}


def test_the_order_is_fixed_by_the_seed_and_holds_every_row_once():
    one, again, other = (np.concatenate(shuffled_batches(600, seed)) for seed in (0, 0, 1))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert sorted(one) == list(range(600))


def test_a_batch_keeps_the_order_of_its_rows():
    images, groups = Asked(list(SPLITS.values()), ["site"]).batch(np.array([121, 3, 120]))
    np.testing.assert_allclose(images[:, 0, 0, 0], [0.301, 0.003, 0.3], rtol=1e-6)
    assert groups["site"].tolist() == ["test", "val", "test"]


def standardised(images, groups):
    level = images.mean((1, 2, 3))
    return two_columns(1 / (1 + np.exp(-(level - level.mean()) / level.std())))


def ranked(images, groups):
    return two_columns(images.mean((1, 2, 3)).argsort().argsort() / len(images))


def by_place(images, groups):
    noise = np.random.default_rng(0).normal(0, 0.01, len(images))
    return two_columns(np.clip(images.mean((1, 2, 3)) + noise, 0, 1))


@pytest.mark.parametrize("ask", [standardised, ranked, by_place])
def test_an_answer_that_hangs_on_the_batch_is_refused(ask):
    with pytest.raises(DependsOnOthers, match=r"of 350 images another answer.*the other images"):
        ask_all(ask, SPLITS, ["site"], seed=0)


class RemembersTheFirstBatch:
    """Standardises every image by the first batch, which it was given without labels."""

    def __init__(self):
        self.first = None

    def predict_proba(self, images, groups):
        level = images.mean((1, 2, 3))
        if self.first is None:
            self.first = level.mean(), level.std()
        return two_columns(1 / (1 + np.exp(-(level - self.first[0]) / self.first[1])))


class HonestWhereItWasAskedTwice:
    """Ranks within a batch, but for the first one and those of 32 images."""

    def __init__(self):
        self.batches = 0

    def predict_proba(self, images, groups):
        self.batches += 1
        honest = self.batches == 1 or len(images) == 32
        return brightness(images, groups) if honest else ranked(images, groups)


@pytest.mark.parametrize("cheat", [RemembersTheFirstBatch, HonestWhereItWasAskedTwice])
def test_what_is_kept_between_batches_is_refused(cheat):
    predictor = cheat()
    fresh = copied(predictor, print).predict_proba
    with pytest.raises(DependsOnOthers, match="of 350 images another answer"):
        ask_all(predictor.predict_proba, SPLITS, ["site"], seed=0, fresh=fresh)


def test_the_sample_has_rows_of_every_batch():
    batches = shuffled_batches(12_000, 0)
    rows = sampled(batches, 0)
    assert 512 <= len(rows) == len(set(rows)) < 600
    assert all(np.isin(batch, rows).any() for batch in batches)


def test_a_copy_shares_the_generator_and_what_cannot_be_copied_is_named():
    predictor = SimpleNamespace(generator=object(), weights=np.ones(2))
    copy = copied(predictor, print)
    assert copy.generator is predictor.generator and copy.weights is not predictor.weights
    said = []
    stubborn = SimpleNamespace(batches=iter(()), lines=(line for line in ()))
    assert copied(stubborn, said.append) is stubborn
    assert "cannot be copied (TypeError" in said[0]


def network(*, training: bool):
    torch.manual_seed(0)
    made = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.BatchNorm1d(4), torch.nn.Dropout(), torch.nn.Linear(4, 2)
    ).train(training)

    @torch.no_grad()
    def ask(images, groups):
        return made(torch.from_numpy(images)).softmax(1).numpy()

    return ask


def test_dropout_left_on_is_refused_as_chance():
    with pytest.raises(DependsOnOthers, match=r"depends on chance. Call network.eval\(\)"):
        ask_all(network(training=True), SPLITS, ["site"], seed=0)


def test_the_same_network_passes_once_it_is_set_to_evaluate():
    found = ask_all(network(training=False), SPLITS, ["site"], seed=0)
    assert found["test"].shape == (400, 2)


def test_what_float32_rounds_is_no_dependence():
    def rounded(images, groups):
        return brightness(images, groups) + 1e-5 * len(images) / BATCH

    assert ask_all(rounded, SPLITS, ["site"], seed=0)["val"].shape == (120, 2)


def test_images_on_disk_are_read_batch_by_batch(tmp_path):
    np.save(tmp_path / "images.npy", SPLITS["test"].images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    taken = []

    class Watched(np.memmap):
        def __getitem__(self, rows):
            taken.append(np.size(rows))
            return super().__getitem__(rows)

    watched = mapped.view(Watched)
    on_disk = {"test": Split(watched, SPLITS["test"].masks, SPLITS["test"].table)}
    ask_all(brightness, on_disk, ["site"], seed=0)
    assert max(taken) <= BATCH and sum(taken) >= 400
