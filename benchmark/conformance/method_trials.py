"""A method is fitted on toy tasks and asked for predictions, twice with the same seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator

import numpy as np
import torch

from benchmark.api.data import Splits
from benchmark.api.protocols import Method, Predictor
from benchmark.cohorts.toy import ToyTask
from benchmark.conformance.finding import Finding, advice_of
from benchmark.conformance.generator_trials import try_generator
from benchmark.conformance.toy_preset import TOY_PRESET
from benchmark.planning.fields import check_fields
from benchmark.planning.run_spec import RunSpec
from benchmark.running import predictions
from benchmark.running.asking import DependsOnOthers
from benchmark.running.own_threshold import own_threshold

BESIDE = "an image's prediction does not depend on the images beside it"


def try_method(method: Method, name: str, say: Callable[[str], None]) -> Iterator[Finding]:
    """Fit on toys of other numbers of groups and classes, and yield what was found."""
    torch.set_num_threads(TOY_PRESET.run.threads)
    answered, moved = False, {}
    for what, task in (
        ("two groups, two classes", ToyTask(2, 2)),
        ("three groups, two classes", ToyTask(3, 2)),
        ("two groups, three classes", ToyTask(2, 3)),
    ):
        toy = _Toy(method, task, name, say)
        try:
            answered |= yield from _try(what, toy, again=task == ToyTask(2, 2))
        except DependsOnOthers as error:
            moved[what] = str(error)
    if moved:
        # Its numbers differ from toy to toy, and what to mend does not.
        yield Finding(f"{BESIDE} ({'; '.join(moved)})", next(iter(moved.values())))
    elif answered:
        yield Finding(BESIDE)


class _Toy:
    """One method on one toy task."""

    def __init__(
        self, method: Method, task: ToyTask, name: str, say: Callable[[str], None]
    ) -> None:
        self.method, self.task, self.say = method, task, say
        self.spec = RunSpec(task.card.name, name, task.knobs.variant(), 0, TOY_PRESET, device="cpu")
        self.splits: Splits = task.load(self.spec.source, self.spec.variant, self.spec.seed)

    def refusal(self) -> str:
        """Return why the method's own check refuses toys: real tasks may have what they lack."""
        try:
            check_fields(self.method, self.task.card)
        except ValueError as error:
            return str(error)
        return ""

    def fit(self) -> Predictor:
        """Fit on images that cannot be written to."""
        predictions.make_repeatable(self.spec)
        ctx = predictions.make_context(self.task, self.method, self.spec, self.say)
        train, val = (
            predictions.visible(split, self.task.card, self.method)
            for split in (self.splits.train, self.splits.val)
        )
        for split in (train, val):
            split.images.flags.writeable = False
            split.masks.flags.writeable = False
        return predictions.fit(self.method, train, val, ctx)

    def probabilities(self, predictor: Predictor) -> np.ndarray:
        """Ask for probabilities of val and test, (n, classes), as a run asks."""
        asked = {"val": self.splits.val, "test": self.splits.test}
        table = predictions.predict(predictor, self.method, self.task.card, asked, self.spec.seed)
        return table.filter(like="probability_").to_numpy()


def _try(what: str, toy: _Toy, *, again: bool) -> Generator[Finding, None, bool]:
    """Fit and predict once, and where asked a second time with the same seed.

    Returns whether there were predictions. Raises DependsOnOthers.
    """
    started = time.monotonic()
    try:
        if refused := toy.refusal():
            yield Finding(f"{what}: its check refuses toys ({refused}), tried all the same")
        predictor = toy.fit()
        first = toy.probabilities(predictor)
        own_threshold(predictor, toy.method, toy.task.card)
    except DependsOnOthers:
        raise
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        yield Finding(what, advice_of(error, toy.method, toy.task.card))
        return False
    yield Finding(f"{what}: shapes and probabilities, {time.monotonic() - started:.0f} s")
    if again:
        yield from try_generator(predictor, toy.splits.val, toy.method)
        yield _repeated(toy, first)
    return True


def _repeated(toy: _Toy, first: np.ndarray) -> Finding:
    """Fit once more with the same seed."""
    same = np.array_equal(toy.probabilities(toy.fit()), first)
    advice = (
        "two fits with one seed differ; draw every random number from ctx.rng(...) or "
        "ctx.torch_rng(...), and seed torch from them before a network is made."
    )
    return Finding("the same seed gives the same predictions", "" if same else advice)
