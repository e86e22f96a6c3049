import numpy as np
import pytest
import torch
from torch.nn import functional

from benchmark.training.classifier import train_classifier


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
