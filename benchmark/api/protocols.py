"""What a task, a method, a predictor and a generator must offer, and what they may.

Whether an object has an optional member is asked here and nowhere else, with getattr: isinstance
with a protocol sees neither the submodules of a torch module nor what __getattr__ passes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from benchmark.api.context import RunContext
    from benchmark.api.mix_target import Target
from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.data import Source, Split, Splits
from benchmark.api.scores import ScoreKey
from benchmark.api.variant import Knobs, Variant


class Task(Protocol):
    """A clinical question: its facts, where its images come from, and its prompt sentence."""

    @property
    def card(self) -> TaskCard:
        """The facts of the task; a plain attribute or a frozen dataclass field will do."""
        ...

    @property
    def digital(self) -> CohortFacts | None:
        """The facts of its digital cohort; None: it is asked of your own patients only."""
        ...

    @property
    def knobs(self) -> Knobs:
        """How the bias of its digital cohort can be set."""
        ...

    def load(self, source: Source, variant: Variant, seed: int) -> Splits:
        """Return the splits; the same arguments give the same content.

        variant sets all of the task's knobs; for a folder of patients it sets none.
        """
        ...

    def prompt(self, row: Mapping[str, object]) -> str:
        """Say one patient in a sentence for text-conditioned generators.

        row: label and attributes, in words. What a row does not hold is left out: generators are
        also asked for patients with only some of the words.
        """
        ...


@runtime_checkable
class DigitalTask(Protocol):
    """A task that can also make new patients on request, for controls such as the oracle."""

    def new_patients(self, requests: pd.DataFrame, source: Source, seed: int) -> Split:
        """Make one new patient per row of requests (label and every attribute, in words)."""
        ...


def truth_of(
    task: Task, source: Source, variant: Variant, seed: int
) -> dict[str, pd.DataFrame] | None:
    """Return who is in val, test and recruited of a digital cohort: tables, as load would give.

    A task may offer it as truth(source, variant, seed), which makes no image; None: it does not.
    """
    offered = getattr(task, "truth", None)
    return None if offered is None else dict(offered(source, variant, seed))


def ceiling_of(task: Task, source: Source, variant: Variant) -> dict[ScoreKey, float]:
    """Return the accuracy of each cell of test after a large training balanced over all cells.

    A task may offer it as ceiling(source, variant), with {} where none was made for such images.
    Of a folder of patients nobody knows it: {}.
    """
    offered = getattr(task, "ceiling", None)
    if offered is None or source.folder is not None:
        return {}
    return dict(offered(source, variant))


def judge_of(task: Task, source: Source) -> Path | None:
    """Return the folder of the task's official judge; None: its generators are judged otherwise.

    A task may offer it as judge, a path; `equipoise judge build` fills it. Folders of patients have
    none: what the networks have learned from a digital cohort does not hold there.
    """
    offered = getattr(task, "judge", None)
    return None if offered is None or source.folder is not None else Path(offered)


class Predictor(Protocol):
    """What fit returns: images in, probabilities out."""

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Map (n, channels, height, width) to probabilities (n, classes), rows summing to 1.

        If the method declares groups_used = "test", the call is
        predict_proba(images, attributes) with a table of attribute columns.
        """
        ...


def is_predictor(value: object) -> TypeGuard[Predictor]:
    """Say whether a value can be asked for probabilities."""
    return callable(getattr(value, "predict_proba", None))


def own_threshold_of(predictor: object) -> Any:
    """Return the operating point that a predictor brings as `threshold`; None: it has none.

    It is the probability of the positive class from which the method's own answer is positive.
    """
    return getattr(predictor, "threshold", None)


class Generator(Protocol):
    """Optional: a predictor with a .generator is scored on the generation track too.

    A generator that does not look at masks says reads_masks = False.
    """

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw one image per request and mask, float32 in [0, 1]."""
        ...


def generator_of(predictor: object) -> Any:
    """Return what a predictor has as its generator; None: it has none."""
    return getattr(predictor, "generator", None)


def is_generator(value: object) -> TypeGuard[Generator]:
    """Say whether a value can be asked for images."""
    return callable(getattr(value, "generate", None))


def reads_masks(generator: Generator) -> bool:
    """Say whether a mask makes a difference to a generator; it does where nothing is declared."""
    return bool(getattr(generator, "reads_masks", True))


class NeutralGenerator(Generator, Protocol):
    """Optional: a generator that is also to draw a certain mix of groups where nobody names one.

    It is asked with requests in which words are None, and the groups of what it draws are compared
    with target. before: the generator before it was tuned, or None; with the same seed both are
    asked for the same images.
    """

    target: Target
    before: Generator | None


def target_of(generator: object) -> Any:
    """Return the mix of groups that a generator is to draw; None: it has none."""
    return getattr(generator, "target", None)


def has_before(generator: object) -> bool:
    """Say whether a generator names the one before tuning, which may be None."""
    return hasattr(generator, "before")


def is_neutral_generator(value: object) -> TypeGuard[NeutralGenerator]:
    """Say whether the groups that a generator draws are compared with its target."""
    return is_generator(value) and target_of(value) is not None and has_before(value)


def recruited_by(predictor: Predictor) -> Split | None:
    """Return the patients that a control chooses its threshold on in place of val, if any.

    They are used only if the method declares extra_data = "digital_cohort".
    """
    return getattr(predictor, "val", None)


class Method(Protocol):
    """A frozen dataclass, marked with @method(...): fields are hyperparameters, fit is the verb."""

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Learn from train, choose on val, return a predictor."""
        ...


@runtime_checkable
class ChecksCard(Protocol):
    """Optional: a method that can refuse a task by its card, with the plan, before any work."""

    def check(self, card: TaskCard) -> None:
        """Raise ValueError, in a sentence, if the fields do not fit the task."""
        ...
