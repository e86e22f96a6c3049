"""generation.json: how the judge measured a run's generator. A stranger may have written it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from benchmark.records.base import Part, Record, read_record, write_record

GENERATION = "generation.json"
# No file makes a page of any size.
MOST = 64  # groups, sentences, counters
LONGEST = 300  # letters of a name or a sentence

Words = Annotated[str, Field(max_length=LONGEST)]
Share = Annotated[float, Field(ge=0, le=1)]
Shares = Annotated[tuple[Share, ...], Field(max_length=MOST)]
Numbers = Annotated[tuple[float, ...], Field(max_length=MOST)]
Metrics = Annotated[dict[Words, float | None], Field(max_length=MOST)]
Values = Annotated[tuple[Words, ...], Field(max_length=MOST)]


class GenerationScore(Part):
    """A measure of drawn images, and what real images get; None where it is undefined."""

    value: float | None
    floor: float | None
    error: float | None = None  # standard error of value, over images


class CountedShares(Part):
    """The share of each group among the images of one sentence, with 95 % intervals."""

    shares: Shares
    low: Numbers
    high: Numbers


class Sentence(Part):
    """A neutral prompt, and which groups were drawn before and after tuning."""

    sentence: Words
    tuned: bool  # whether a method may tune on it
    before: CountedShares | None = None
    after: CountedShares


class MixSummary(Part):
    """How far a generator is from its target, averaged over sentences."""

    inconsistency: float  # total variation from the target
    shares: Shares
    divergence: float | None
    corrected: Numbers | None  # shares, corrected for the counters' errors
    by_anatomy: Numbers | None  # shares, estimated from areas of regions
    anatomy_floor: float | None = None  # how far off real patients of the target mix come out there
    by_counter: Annotated[dict[Words, float], Field(max_length=MOST)]  # inconsistency by each


class MixSummaries(Part):
    """The same before and after tuning."""

    before: MixSummary | None = None
    after: MixSummary


class CostOfTuning(Part):
    """What the images of neutral prompts are worth before and after tuning, by metric."""

    before: Metrics | None = None
    after: Metrics
    # Standard errors, over images.
    errors: dict[Literal["before", "after"], Metrics] = Field(default_factory=dict)


class CounterErrors(Part):
    """How well a network counts groups in real patients."""

    right: tuple[float | None, ...]  # of each group
    perfect_generator: float  # inconsistency that a perfect generator would be counted to have


class GroupMix(Part):
    """Which groups a generator draws when the sentence names none."""

    columns: Values
    groups: Annotated[tuple[Values, ...], Field(min_length=2, max_length=MOST)]
    target: Shares
    train: Shares
    n: Annotated[int, Field(gt=0, lt=10**6)]  # images of each sentence
    counter_accuracy: tuple[float | None, ...]
    trusted: bool
    perfect_generator: dict[Literal["tuned", "held_out"], float]
    counters: Annotated[dict[Words, CounterErrors], Field(max_length=MOST)]
    sentences: Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=MOST)]
    summary: dict[Literal["tuned", "held_out"], MixSummaries]
    cost_of_tuning: CostOfTuning
    real_clip_score: float | None

    @model_validator(mode="after")
    def _one_share_per_group(self) -> Self:
        sides = [side for line in self.sentences for side in (line.before, line.after) if side]
        shares = [self.target, self.train, *(side.shares for side in sides)]
        if {len(of_groups) for of_groups in shares} != {len(self.groups)}:
            raise ValueError(f"needs {len(self.groups)} shares, one for each group, everywhere")
        return self


class Generation(Record):
    """The content of generation.json."""

    n: int  # patients that were drawn
    judge: Words  # numbers of other judges mean something else
    scores: Annotated[dict[Words, GenerationScore], Field(max_length=1000)]
    group_mix: GroupMix | None = None


def read_generation(folder: Path) -> Generation | None:
    """Read generation.json; None if the run has no generator. Raises UnreadableRecord."""
    path = folder / GENERATION
    return read_record(path, Generation) if path.exists() else None


def write_generation(folder: Path, found: Mapping[str, Any]) -> None:
    """Write what the judge found; raises ValidationError if it has another form."""
    write_record(folder / GENERATION, Generation.model_validate(found, strict=False))
