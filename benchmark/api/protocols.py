"""What a task, a method, a predictor and a generator must offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from benchmark.api.context import RunContext
    from benchmark.api.mix_target import Target
from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.data import Source, Split, Splits
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


@runtime_checkable
class Predictor(Protocol):
    """What fit returns: images in, probabilities out."""

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        """Map (n, channels, height, width) to probabilities (n, classes), rows summing to 1.

        If the method declares groups_used = "test", the call is
        predict_proba(images, attributes) with a table of attribute columns.
        """
        ...


@runtime_checkable
class Generator(Protocol):
    """Optional: a predictor with a .generator is scored on the generation track too."""

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw one image per request and mask, float32 in [0, 1]."""
        ...


@runtime_checkable
class DeclaresMasks(Protocol):
    """Optional: a generator that says whether it reads masks. One that does not say reads them."""

    @property
    def reads_masks(self) -> bool:
        """False: masks are given for their number and size only; a plain attribute will do."""
        ...


def reads_masks(generator: Generator) -> bool:
    """Say whether a mask makes a difference to a generator."""
    return generator.reads_masks if isinstance(generator, DeclaresMasks) else True


@runtime_checkable
class NeutralGenerator(Generator, Protocol):
    """Optional: a generator that is also to draw a certain mix of groups where nobody names one.

    It is asked with requests in which words are None, and the groups of what it draws are compared
    with target. before: the generator before it was tuned, or None; with the same seed both are
    asked for the same images.
    """

    target: Target
    before: Generator | None


@runtime_checkable
class GenerativePredictor(Predictor, Protocol):
    """Optional: a predictor whose generator is measured too, on the generation track."""

    generator: Generator


@runtime_checkable
class RecruitedPredictor(Predictor, Protocol):
    """Optional: a control's predictor that chooses its threshold on patients of its own.

    Its val is used only if the method declares extra_data = "digital_cohort".
    """

    val: Split


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
