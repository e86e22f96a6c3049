import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch.nn import functional

from benchmark.api.declarations import method
from benchmark.cohorts.toy import ToyTask
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.running import predictions
from benchmark.training import augmentation, inputs, selection
from benchmark.training.augmentation import augment
from benchmark.training.classifier import train_classifier
from benchmark.training.sampling_weights import balanced_weights, draw_batches

TASK = ToyTask()


@method(groups_used="train")
@dataclasses.dataclass(frozen=True)
class Plain:
    """It may see groups."""

    def fit(self, train, val, ctx):
        """Nobody asks."""


@pytest.fixture
def toy(make_spec):
    spec = make_spec()
    splits = TASK.load(spec.source, spec.variant, spec.seed)
    return splits, predictions.make_context(TASK, Plain(), spec, lambda line: None)


@pytest.mark.parametrize("steps", [1, 2, 4, 5])
def test_a_few_steps_are_training_too(steps, toy):
    splits, ctx = toy
    few = dataclasses.replace(ctx.classifier, steps=steps)
    train_classifier(splits.train, splits.val, dataclasses.replace(ctx, classifier=few))


def test_balanced_weights_by_hand():
    # Cells of 3 and 1 images: each cell sums to a half.
    assert balanced_weights(np.array([0, 0, 0, 1])).tolist() == [1 / 6, 1 / 6, 1 / 6, 1 / 2]


def test_balanced_weights_stop_at_the_limit():
    weights = balanced_weights(np.array([0] * 100 + [1]), limit=10)
    assert weights[-1] / weights[0] == pytest.approx(10)


@given(arrays.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 7)))
@settings(deadline=None)
def test_without_a_limit_every_cell_that_has_images_weighs_the_same(cells):
    weights = balanced_weights(cells, limit=np.inf)
    sums = [weights[cells == cell].sum() for cell in np.unique(cells)]
    assert np.allclose(sums, 1 / len(sums))


def test_a_pass_shows_every_image_once():
    batches = draw_batches(10, 5, None, torch.Generator().manual_seed(0))
    assert sorted(torch.cat([next(batches), next(batches)]).tolist()) == list(range(10))


def test_draws_follow_the_weights():
    batches = draw_batches(3, 3, np.array([0.0, 0.9, 0.1]), torch.Generator().manual_seed(0))
    drawn = torch.cat([next(batches) for _ in range(400)])
    share = torch.bincount(drawn, minlength=3) / len(drawn)
    assert share[0] == 0
    assert share[1] == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("steps", "times", "looks"), [(360, 8, [48, 92, 136, 180, 228, 272, 316, 360]), (6, 2, [4, 6])]
)
def test_val_is_looked_at_after_the_average_was_taken(steps, times, looks):
    assert selection.looks_at_val(steps, times) == looks


def test_augmentation_keeps_a_flat_image_and_moves_a_dot_a_little():
    images = torch.zeros(8, 1, 33, 33)
    images[:, :, 16, 16] = 1
    moved = augment(images, torch.Generator().manual_seed(0))
    flat = augment(torch.ones(2, 1, 9, 9), torch.Generator().manual_seed(0))
    assert torch.allclose(flat, torch.ones_like(flat))
    centre = torch.stack([moved.sum((1, 2)), moved.sum((1, 3))], -1)[:, :, :].argmax(1).float()
    assert (centre - 16).abs().max() <= np.ceil(augmentation.SHIFT * 33)
    assert len({tuple(c.tolist()) for c in centre}) > 1


def test_augmentation_turns_and_shifts_as_affine_grid_does():
    images = torch.rand(2, 1, 8, 12, generator=torch.Generator().manual_seed(1))
    moved = augment(images, torch.Generator().manual_seed(0))
    rng = torch.Generator().manual_seed(0)
    angle = (torch.rand(2, generator=rng) * 2 - 1) * np.radians(augmentation.ROTATION_DEGREES)
    shift = (torch.rand(2, 2, generator=rng) * 2 - 1) * 2 * augmentation.SHIFT
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(2, 2, 2)
    grid = functional.affine_grid(torch.cat([turn, shift[:, :, None]], 2), images.shape, False)
    same = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    assert torch.allclose(moved, same, atol=1e-5)


def test_it_learns_the_toy_task(toy):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    right = classifier.predict_proba(splits.val.images).argmax(1) == TASK.card.encode_labels(
        splits.val.table
    )
    assert right.mean() > 0.8


def test_features_under_the_last_layer_are_the_predictions(toy):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    features = torch.from_numpy(classifier.features(splits.val.images))
    last = classifier.network.get_classifier()
    with torch.no_grad():
        probability = last(features).softmax(1).numpy()
    assert np.allclose(probability, classifier.predict_proba(splits.val.images), atol=1e-5)


def test_the_best_state_on_val_is_kept_not_the_last(toy, monkeypatch):
    splits, ctx = toy
    classifier = train_classifier(splits.train, splits.val, ctx)
    labels = TASK.card.encode_labels(splits.val.table)
    cells, _ = TASK.card.encode_cells(splits.val.table)
    probability = classifier.predict_proba(splits.val.images)[np.arange(len(labels)), labels]
    loss = -(balanced_weights(cells) * np.log(probability)).sum()
    assert loss == pytest.approx(min(point["val_loss"] for point in ctx.curves), rel=1e-4)


def test_steps_are_counted(toy):
    splits, ctx = toy
    train_classifier(splits.train, splits.val, ctx, steps_factor=0.4)
    assert ctx.steps == round(0.4 * TOY_PRESET.classifier.steps)


def test_a_loss_that_is_no_number_stops_the_run_with_advice(toy):
    splits, ctx = toy
    with pytest.raises(FloatingPointError, match="training diverged"):
        train_classifier(
            splits.train, splits.val, ctx, batch_loss=lambda losses, rows: losses.mean() * np.nan
        )


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1, 2, 3], r"shape \(3,\) for 160 images; give one weight per image of train"),
        ([-1] + [1] * 159, r"is -1 in row 0 \(1 such rows of 160\)"),
        ([1] * 159 + [np.inf], r"is inf in row 159"),
        ([np.nan] * 160, r"is nan in row 0 \(160 such rows"),
        ([0] * 160, "0 in every row"),
    ],
    ids=["length", "negative", "infinite", "nan", "zero"],
)
def test_weights_that_nothing_can_be_drawn_by_are_refused_before_training(weights, words, toy):
    splits, ctx = toy
    with pytest.raises(ValueError, match=words):
        train_classifier(splits.train, splits.val, ctx, draw_weights=np.array(weights))
    assert ctx.steps == 0


@pytest.mark.parametrize("bend", ["batch_loss", "loss"])
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda numbers: numbers, r"returned shape \(32,\). Take .mean"),
        (lambda numbers: numbers.mean().item(), "returned float .* without .item"),
        (lambda numbers: None, "returned NoneType"),
        (lambda numbers: numbers.mean().detach(), "what it returned has none"),
    ],
    ids=["vector", "float", "nothing", "detached"],
)
def test_a_loss_that_is_no_scalar_is_refused_with_advice(bend, wrong, words, toy):
    splits, ctx = toy
    bends = {
        "batch_loss": lambda losses, rows: wrong(losses),
        "loss": lambda network, images, labels, rows: wrong(network(images).float().sum(1)),
    }
    with pytest.raises(TypeError, match=f"^{bend} must return one number.*{words}"):
        train_classifier(splits.train, splits.val, ctx, **{bend: bends[bend]})


def test_a_loss_that_is_the_cross_entropy_trains_the_same_network(toy):
    splits, ctx = toy
    plain = train_classifier(splits.train, splits.val, ctx).predict_proba(splits.val.images)

    def loss(network, images, labels, rows):
        return functional.cross_entropy(network(images).float(), labels)

    own = train_classifier(splits.train, splits.val, ctx, loss=loss)
    assert np.allclose(own.predict_proba(splits.val.images), plain, atol=1e-5)


def test_a_loss_gets_the_batch_as_the_network_reads_it(toy):
    splits, ctx = toy
    labels_of_train = torch.from_numpy(ctx.card.encode_labels(splits.train.table))
    seen = []

    def loss(network, images, labels, rows):
        seen.append((tuple(images.shape), images.dtype, network.training))
        assert torch.equal(labels, labels_of_train[rows])
        assert abs(images.mean()) < 0.5 and 0.5 < images.std() < 1.5  # normalised
        return network(images).float().mean()

    train_classifier(splits.train, splits.val, ctx, loss=loss)
    shape = (32, splits.train.images.shape[1], 32, 32)
    assert set(seen) == {(shape, torch.float32, True)}


def test_two_losses_are_refused(toy):
    splits, ctx = toy
    bends = {"loss": lambda *batch: 0, "batch_loss": lambda *batch: 0}
    with pytest.raises(ValueError, match="batch_loss or loss, not both"):
        train_classifier(splits.train, splits.val, ctx, **bends)


def test_images_that_do_not_fit_in_memory_are_taken_batch_by_batch(toy, monkeypatch):
    splits, ctx = toy
    whole = train_classifier(splits.train, splits.val, ctx).predict_proba(splits.val.images)
    monkeypatch.setattr(inputs, "RESIDENT_BYTES", 0)
    again = train_classifier(splits.train, splits.val, ctx).predict_proba(splits.val.images)
    assert np.array_equal(whole, again)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_it_learns_on_a_gpu(make_spec):
    spec = make_spec(device="cuda")
    splits = TASK.load(spec.source, spec.variant, spec.seed)
    ctx = predictions.make_context(TASK, Plain(), spec, lambda line: None)
    classifier = train_classifier(splits.train, splits.val, ctx)
    labels = TASK.card.encode_labels(splits.val.table)
    assert (classifier.predict_proba(splits.val.images).argmax(1) == labels).mean() > 0.8
