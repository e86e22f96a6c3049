import resource
import weakref

import pytest
import torch
from torch import nn

from methods.shared import training_state
from methods.shared.resumable_training import train_resumably
from methods.shared.training_state import CHECKPOINT, Budget


def network():
    torch.manual_seed(0)
    return nn.Linear(3, 1)


def draw(rng):
    return {"x": torch.randn(8, 3, generator=rng)}


def loss_of(net):
    return lambda chance: (net(chance["x"])[:, 0] - chance["x"].sum(1)).square()


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_it_learns(ctx, tmp_path):
    net = network()
    train_resumably("line", net, draw, loss_of(net), Budget(300, 0.05), tmp_path, ctx)
    assert torch.allclose(weights(net), torch.tensor([1.0, 1.0, 1.0, 0.0]), atol=0.05)


@pytest.fixture(autouse=True)
def saved_often(monkeypatch):
    """Every few steps, where a real training saves every half minute."""
    monkeypatch.setattr(training_state, "SAVE_SECONDS", 0.002)


@pytest.mark.parametrize("average", [0.0, 0.2])
def test_killed_anywhere_and_run_again_it_ends_in_the_same_weights(ctx, tmp_path, average):
    whole = network()
    train_resumably("line", whole, draw, loss_of(whole), Budget(250, 0.01, average), tmp_path, ctx)
    for killed_at in (30, 100, 230):
        folder = tmp_path / str(killed_at)
        folder.mkdir()
        ctx.curves.clear()
        cut, calls = network(), []

        def loss(chance, cut=cut, calls=calls, killed_at=killed_at):
            calls.append(1)
            if len(calls) > killed_at:
                raise KeyboardInterrupt
            return loss_of(cut)(chance)

        with pytest.raises(KeyboardInterrupt):
            train_resumably("line", cut, draw, loss, Budget(250, 0.01, average), folder, ctx)
        ctx.curves.clear()  # the process is gone
        again = network()
        train_resumably(
            "line", again, draw, loss_of(again), Budget(250, 0.01, average), folder, ctx
        )
        assert torch.equal(weights(again), weights(whole))
        assert [point["step"] for point in ctx.curves] == list(range(25, 251, 25))
        assert [path.name for path in folder.iterdir()] == [f"line{CHECKPOINT}"]


def test_a_loss_that_is_no_number_is_an_error_and_keeps_the_checkpoint(ctx, tmp_path):
    net = network()

    def loss(chance):
        return net(chance["x"])[:, 0] / 0.0

    with pytest.raises(
        FloatingPointError, match=r"line: the loss is (nan|inf|-inf) at step 1 of 9"
    ):
        train_resumably("line", net, draw, loss, Budget(9, 0.01), tmp_path, ctx)


def test_out_of_memory_halves_the_batch_and_says_so(ctx, tmp_path):
    whole, halved = network(), network()
    train_resumably("line", whole, draw, loss_of(whole), Budget(20, 0.01), tmp_path, ctx)

    def loss(chance):
        if len(chance["x"]) > 2:
            raise torch.OutOfMemoryError
        return loss_of(halved)(chance)

    (tmp_path / "halved").mkdir()
    train_resumably("line", halved, draw, loss, Budget(20, 0.01), tmp_path / "halved", ctx)
    assert torch.allclose(weights(halved), weights(whole), atol=1e-6)
    assert "batches of 8 images now go in 4 parts" in ctx.say.__self__[-1]


def test_a_batch_that_memory_did_not_suffice_for_is_let_go_of_before_the_next(ctx, tmp_path):
    net, held, alive = network(), [], []

    class Full(torch.autograd.Function):
        """Runs out of memory on the way back, as large batches do."""

        @staticmethod
        def forward(context, x):
            return x.clone()

        @staticmethod
        def backward(context, gradient):
            if len(gradient) > 4:
                raise torch.OutOfMemoryError
            return gradient

    def loss(chance):
        alive.append([one() is not None for one in held])
        middle = net(chance["x"])
        held.append(weakref.ref(middle))
        return Full.apply(middle)[:, 0].square()

    train_resumably("line", net, draw, loss, Budget(1, 0.01), tmp_path, ctx)
    assert alive == [[], [False], [False, False]]


def test_a_full_disk_is_said_and_the_last_checkpoint_stays(ctx, tmp_path):
    net = network()
    train_resumably("line", net, draw, loss_of(net), Budget(20, 0.01), tmp_path, ctx)
    before = (tmp_path / f"line{CHECKPOINT}").read_bytes()
    again, limit = network(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))  # bytes of a file; full after that
    try:
        with pytest.raises(OSError, match=r"line\.training\.safetensors of .* not be written: "):
            train_resumably("line", again, draw, loss_of(again), Budget(30, 0.01), tmp_path, ctx)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert [path.name for path in tmp_path.iterdir()] == [f"line{CHECKPOINT}"]
    assert (tmp_path / f"line{CHECKPOINT}").read_bytes() == before


def test_the_last_good_weights_are_kept_where_training_goes_wrong(ctx, tmp_path):
    net, seen = network(), []

    def good():
        seen.append(weights(net))
        return len(seen) < 3

    train_resumably("line", net, draw, loss_of(net), Budget(100, 0.05), tmp_path, ctx, good=good)
    assert len(seen) == 3 and torch.equal(weights(net), seen[1])
    assert "stopped at step 30 of 100 and went back to step 20" in " ".join(ctx.say.__self__)
    assert ctx.steps == 30


def test_killed_after_a_good_step_and_gone_wrong_later_it_goes_back_to_the_same_weights(
    ctx, tmp_path
):
    def train(folder, killed_at=10**6):
        """Good at step 10, no longer at 20."""
        folder.mkdir(exist_ok=True)
        net, asked, calls = network(), ctx.curves, []

        def loss(chance):
            calls.append(1)
            if len(calls) > killed_at:
                raise KeyboardInterrupt
            return loss_of(net)(chance)

        def good():
            return not any(point["step"] == 10 for point in asked)

        train_resumably("line", net, draw, loss, Budget(40, 0.05), folder, ctx, good=good)
        return weights(net)

    undisturbed = train(tmp_path / "whole")
    ctx.curves.clear()
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", killed_at=15)
    ctx.curves.clear()  # the process is gone
    assert torch.equal(train(tmp_path / "cut"), undisturbed)


def test_parts_of_the_loss_are_logged_beside_it(ctx, tmp_path):
    net = network()
    train_resumably(
        "line", net, draw, loss_of(net), Budget(30, 0.05), tmp_path, ctx, terms={"part": 2.0}
    )
    assert [curve["part"] for curve in ctx.curves] == [2.0, 2.0]


def test_what_went_wrong_is_logged_before_it_is_given_up(ctx, tmp_path):
    net, terms = network(), {}

    def good():
        terms["diversity"] = 0.1
        return False

    budget = Budget(30, 0.05)
    train_resumably("line", net, draw, loss_of(net), budget, tmp_path, ctx, terms=terms, good=good)
    assert [(c["step"], c.get("diversity")) for c in ctx.curves] == [(10, 0.1), (10, None)]
