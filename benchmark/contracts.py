"""The vocabulary: what a task, a split, a method, a predictor and a generator are.

Facts are frozen dataclasses; behaviour is a small Protocol. Labels and attributes
travel as words ("female") and are turned into numbers in one place: TaskCard.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from benchmark.context import RunContext
    from benchmark.target import Target

GroupsUsed = Literal["never", "train", "test"]
IDENTITY_COLUMNS = ("image_id", "patient_id", "label")
SEPARATOR = ", "  # between the values of a group, as in "female, obese"


@dataclass(frozen=True)
class Attribute:
    """A sensitive attribute: its column name, its values in order, and how to say it.

    An attribute that bands a number names that number's column and the edges between its values:
    value k holds from edges[k - 1] to below edges[k].
    """

    name: str
    values: tuple[str, ...]
    title: str
    number: str | None = None  # the column that is banded, e.g. "age"
    edges: tuple[float, ...] = ()  # one fewer than values

    def __post_init__(self) -> None:
        if self.number is not None and len(self.edges) != len(self.values) - 1:
            raise ValueError(
                f"{self.name} has {len(self.values)} values and {len(self.edges)} edges; "
                f"it needs {len(self.values) - 1}."
            )


@dataclass(frozen=True)
class TaskCard:
    """The facts of a task. A published card is never edited: a fix is a new version."""

    name: str
    version: int
    title: str
    question: str
    classes: tuple[str, ...]  # in order; for two classes the last one is the positive one
    attributes: tuple[Attribute, ...]
    intersections: tuple[
        tuple[str, ...], ...
    ]  # attribute names, scored and shown beside the headline
    channels: tuple[str, ...]  # of the image, e.g. ("end-diastole", "end-systole")
    mask_labels: tuple[str, ...]  # meaning of mask values 1, 2, ...; 0 is background
    field_of_view_mm: float | None  # width of the square image; None: sizes in mm mean nothing
    main_metric: str
    licence: str
    citation: str
    caveats: str  # how far to trust it, in plain words
    # Published shares of values among the people whom the task is about, e.g. ("sex", (0.5, 0.5)),
    # in the order of the values; their source belongs into citation or caveats.
    population: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def attribute(self, name: str) -> Attribute:
        """Return the attribute of that name."""
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        known = ", ".join(a.name for a in self.attributes)
        raise KeyError(f"{self.name} has no attribute {name!r}. Its attributes: {known}.")

    def encode_labels(self, table: pd.DataFrame) -> np.ndarray:
        """Turn the label column into class indices, shape (n,), in the card's order."""
        return _encode(table["label"], self.classes, "label", self.name)

    def group_names(self, attributes: Sequence[str] | None = None) -> list[str]:
        """Name all combinations of the attributes' values, the last attribute changing fastest."""
        chosen = [self.attribute(name) for name in attributes or [a.name for a in self.attributes]]
        return [SEPARATOR.join(values) for values in itertools.product(*(a.values for a in chosen))]

    def encode_groups(
        self, table: pd.DataFrame, attributes: Sequence[str] | None = None
    ) -> tuple[np.ndarray, list[str]]:
        """Turn attribute columns into one group index per row and the groups' names.

        Groups are numbered as in :meth:`group_names`; combinations nobody has keep their index.
        """
        chosen = [self.attribute(name) for name in attributes or [a.name for a in self.attributes]]
        index = np.zeros(len(table), dtype=np.int64)
        for attribute in chosen:
            codes = _encode(table[attribute.name], attribute.values, attribute.name, self.name)
            index = index * len(attribute.values) + codes
        return index, self.group_names(attributes)

    def encode_cells(
        self, table: pd.DataFrame, attributes: Sequence[str] | None = None
    ) -> tuple[np.ndarray, int]:
        """Turn label and attributes into one cell index (label x group) and the number of cells."""
        groups, names = self.encode_groups(table, attributes)
        return self.encode_labels(table) * len(names) + groups, len(self.classes) * len(names)

    def cells(self) -> pd.DataFrame:
        """Return every cell (label x all attributes), one row each, in words."""
        columns = {"label": self.classes, **{a.name: a.values for a in self.attributes}}
        rows = list(itertools.product(*columns.values()))
        return pd.DataFrame(rows, columns=list(columns))

    def as_dict(self) -> dict[str, Any]:
        """Return the card as plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TaskCard:
        """Rebuild a card from :meth:`as_dict`, after a trip through JSON."""
        plain = _tuples(values)
        plain["attributes"] = tuple(Attribute(**_tuples(a)) for a in values["attributes"])
        plain["intersections"] = tuple(tuple(names) for names in values["intersections"])
        known = values.get("population", ())
        plain["population"] = tuple((name, tuple(shares)) for name, shares in known)
        return cls(**plain)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}


def _encode(column: pd.Series, values: Sequence[str], name: str, task: str) -> np.ndarray:
    codes = pd.Index(list(values)).get_indexer(pd.Index(column.astype(object))).astype(np.int64)
    if (codes < 0).any():
        bad = sorted({str(v) for v in column[codes < 0]})
        raise ValueError(
            f"{task}: {name} holds {', '.join(map(repr, bad))}. Allowed: {', '.join(values)}."
        )
    return codes


@dataclass(frozen=True)
class Split:
    """Images, masks and a table with one row per image.

    images: (n, channels, height, width) float32 in [0, 1], possibly memory-mapped.
    masks: (n, channels, height, width) uint8, possibly memory-mapped.
    table: image_id, patient_id, label, then one column per attribute, all in words.
    A method that does not use groups receives a table without the attribute columns.
    """

    images: np.ndarray
    masks: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: np.ndarray) -> Split:
        """Return the given rows, in that order, copied into memory."""
        return Split(
            self.images[rows], self.masks[rows], self.table.iloc[rows].reset_index(drop=True)
        )


@dataclass(frozen=True)
class Splits:
    """Train, val and test, disjoint by patient, and a fingerprint of their content."""

    train: Split
    val: Split
    test: Split
    fingerprint: str


@dataclass(frozen=True)
class Variant:
    """A setting of a digital cohort's bias knobs. Table cohorts accept only the default."""

    severity: float = 1.0  # 0: label independent of attributes; 0.5: as in life; 1: twice as strong
    prevalence: float | None = None  # share of the positive class in train; None: the task's own
    label_noise: float = 0.0  # share of train and val labels flipped; test labels stay clean
    site_shift: float = 0.0  # 0: test from the training scanner; 1: from a clearly different one
    women: float | None = None  # share in train and val, where sex is an attribute; None: as usual

    def __post_init__(self) -> None:
        limits = {"severity": 1.5, "label_noise": 0.5, "site_shift": 2.0}
        problems = [
            f"{name} is {getattr(self, name)}; allowed: 0 to {top}"
            for name, top in limits.items()
            if not 0 <= getattr(self, name) <= top
        ]
        for name in ("prevalence", "women"):
            share = getattr(self, name)
            if share is not None and not 0.01 <= share <= 0.99:
                problems.append(f"{name} is {share}; allowed: 0.01 to 0.99")
        if problems:
            raise ValueError("; ".join(problems) + ".")

    @property
    def name(self) -> str:
        """A readable name: the severity, then every other knob that is turned."""
        parts = [f"severity-{self.severity:g}"]
        if self.prevalence is not None:
            parts.append(f"prevalence-{self.prevalence:g}")
        if self.label_noise:
            parts.append(f"noise-{self.label_noise:g}")
        if self.site_shift:
            parts.append(f"site-{self.site_shift:g}")
        if self.women is not None:
            parts.append(f"women-{self.women:g}")
        return "_".join(parts)


def default_cache() -> Path:
    """Return the folder for generated cohorts and shared models."""
    base = os.environ.get("EQUIPOISE_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "equipoise"


@dataclass(frozen=True)
class Source:
    """Where images come from: a folder of your own patients, or (folder None) a digital cohort."""

    folder: Path | None = None
    image_size: int = 64  # pixels; images are square
    train: int = 1500  # number of images; the sizes hold for digital cohorts only
    val: int = 500
    test: int = 900  # spread evenly over the cells label x group, rounded up
    cache: Path = field(default_factory=default_cache)


@dataclass(frozen=True)
class Score:
    """One number of a run, with what it rests on.

    attribute, group and label are None where the score is over everybody. An intersection has
    the attribute names joined by " x " and the group's values joined by ", ".
    value is None where it is undefined, and note says why.
    """

    metric: str
    value: float | None
    n: int
    attribute: str | None = None
    group: str | None = None
    label: str | None = None
    positives: int | None = None
    low: float | None = None  # 95 % interval, bootstrap over the patients of this run
    high: float | None = None
    note: str = ""


class Task(Protocol):
    """A clinical question: its facts, where its images come from, and its prompt sentence."""

    @property
    def card(self) -> TaskCard:
        """The facts of the task; a plain attribute or a frozen dataclass field will do."""
        ...

    def load(self, source: Source, variant: Variant, seed: int) -> Splits:
        """Return the splits; the same arguments give the same content."""
        ...

    def prompt(self, row: Mapping[str, object]) -> str:
        """Say one patient in a sentence for text-conditioned generators.

        row: label and attributes, in words. What a row does not hold is not said: generators are
        also asked for patients of whom only some words are known.
        """
        ...


@runtime_checkable
class DigitalTask(Protocol):
    """A task that can also make new patients on request, for controls such as the oracle."""

    def new_patients(self, requests: pd.DataFrame, source: Source, seed: int) -> Split:
        """Make one new patient per row of requests (label and every attribute, in words)."""
        ...


def ranged(default: Any, low: float, high: float = math.inf) -> Any:
    """Declare a hyperparameter with the values it may have, low and high included.

    `--set` with any other value is refused before work; `equipoise describe` shows the range.
    """
    return field(default=default, metadata={"range": (low, high)})


def choice(default: str, *others: str) -> Any:
    """Declare a hyperparameter that is one of several words, the default first."""
    return field(default=default, metadata={"options": (default, *others)})


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
    """Optional: a predictor with a .generator is scored on the generation track too.

    One that does not look at masks says so with reads_masks = False.
    """

    def generate(self, requests: pd.DataFrame, masks: np.ndarray, seed: int) -> np.ndarray:
        """Draw one image per request and mask, float32 in [0, 1]."""
        ...


@runtime_checkable
class NeutralGenerator(Generator, Protocol):
    """Optional: a generator that is also to draw a certain mix of groups where nobody names one.

    It is asked with requests in which words are None, and what it draws is held against target
    (benchmark/target.py). before: the generator before it was made to, or None; with the same seed
    both are asked for the same images.
    """

    target: Target
    before: Generator | None


class Method(Protocol):
    """A frozen dataclass: its fields are its hyperparameters, its one verb is fit.

    Optional: check(card) raises ValueError for fields that do not fit a task; it is called with the
    plan, before any work.
    """

    groups_used: ClassVar[GroupsUsed]

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Learn from train, choose on val, return a predictor."""
        ...
