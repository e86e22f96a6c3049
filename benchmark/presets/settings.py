"""Presets: how large the cohorts are and how long a classifier trains, one TOML file each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from benchmark.support.validation import near_words, section_problems

NORM_GROUPS = 16  # a denoiser's channels are normalised in so many groups


def _different(seeds: list[int]) -> list[int]:
    if not seeds or len(set(seeds)) != len(seeds):
        raise ValueError("must hold different whole numbers")
    return seeds


Whole = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
WholeOrNone = Annotated[int, Field(ge=0)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Noise = Annotated[int, Field(gt=0, lt=999)]
Seeds = Annotated[list[int], AfterValidator(_different)]


@dataclass(frozen=True)
class SourceSettings:
    """Sizes of the digital cohorts; image_size holds for table cohorts too."""

    image_size: Whole
    train: Whole
    val: Whole
    test: Whole
    recruited: WholeOrNone = 0  # records of before it was there lack it; a preset may not


@dataclass(frozen=True)
class ClassifierSettings:
    """The one standard classifier. Every method gets the same number of steps."""

    backbone: str  # a timm model name
    steps: Whole
    batch_size: Whole
    learning_rate: Positive  # peak of a one-cycle schedule, AdamW
    weight_decay: NotNegative
    evaluations: Whole  # how often val is looked at; the best state is kept


@dataclass(frozen=True)
class GeneratorSettings:
    """The generator that every generative method starts from, so that none has a larger one."""

    base_steps: Whole  # of training the base, which draws from sentences alone
    steps: Whole  # of training the ControlNet, which draws by masks, from there
    tuning_steps: Whole  # of aligning the base's groups with a target
    tuning_batch: Whole  # images drawn for each of them
    reader: str  # timm model that methods read images with; the classifier's is the judge's
    batch_size: Whole
    accumulation: Whole  # batches per step
    learning_rate: Positive
    sampling_steps: Whole
    guidance: Positive  # classifier-free; 1 is none
    judged: Whole  # test patients that its images are compared with, evenly from all cells


@dataclass(frozen=True)
class ScratchSettings(GeneratorSettings):
    """A small generator, trained on the task's own training patients and nothing else."""

    fold: Whole  # blocks of so many pixels a side become channels
    components: Whole  # principal components of a block that are drawn
    widths: list[Whole]  # channels of the denoiser, from fine to coarse
    last_noise: Noise  # of 1000: sampling ends here and takes all that is left away at once
    base_sampling_steps: Whole  # the same two without a mask: what is where has to be found first
    base_last_noise: Noise


@dataclass(frozen=True)
class CheckpointSettings(GeneratorSettings):
    """A generator that starts from a Stable Diffusion checkpoint, which stays as it is."""

    checkpoint: str  # a folder in diffusers format; empty: to be given with --checkpoint
    size: Whole  # pixels that it draws; the task's images are scaled to them and back
    adapter_rank: Whole  # of the low-rank adapter (LoRA) with which the base learns the task
    adapter_rate: Positive  # its learning rate


@dataclass(frozen=True)
class RunSettings:
    """What the matrix runs, and how long one run may take."""

    seeds: Seeds
    time_limit_minutes: Positive
    threads: Whole  # of one run; fixed, because the number of threads changes how sums are rounded
    generator_seeds: Seeds | None = None  # of methods that train generators; None: as the others

    def seeds_of(self, *, trains_generator: bool) -> list[int]:
        """Return the seeds of a method: those with a generator cost more and may have fewer."""
        if trains_generator and self.generator_seeds is not None:
            return self.generator_seeds
        return self.seeds


@dataclass(frozen=True)
class Preset:
    """Everything a preset decides."""

    name: str
    description: str
    source: SourceSettings
    classifier: ClassifierSettings
    run: RunSettings
    generator: GeneratorSettings | None = None  # without it, generative methods cannot run

    @property
    def can_generate(self) -> bool:
        """Say whether generative methods can run: they need a generator and what it starts from."""
        if isinstance(self.generator, CheckpointSettings):
            return self.generator.checkpoint != ""
        return self.generator is not None

    @property
    def checkpoint(self) -> str:
        """What the generator starts from; empty if from scratch, or if it is not known yet."""
        return getattr(self.generator, "checkpoint", "")

    def with_checkpoint(self, checkpoint: str) -> Preset:
        """Return the preset with another checkpoint to start from."""
        if not isinstance(self.generator, CheckpointSettings):
            raise ValueError(
                f"--checkpoint: the generator of preset {self.name} is trained from scratch. Take "
                "--preset paper, or a preset file whose [generator] has a checkpoint."
            )
        generator = dataclasses.replace(self.generator, checkpoint=checkpoint)
        return dataclasses.replace(self, generator=generator)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Preset:
        """Build a preset from plain values; unknown, missing and impossible ones are refused."""
        sections: dict[str, type] = {
            "source": SourceSettings,
            "classifier": ClassifierSettings,
            "run": RunSettings,
        }
        if values.get("generator") is not None:
            pretrained = "checkpoint" in values["generator"]
            sections["generator"] = CheckpointSettings if pretrained else ScratchSettings
        problems: list[str] = []
        for section, kind in sections.items():
            problems += section_problems(section, values.get(section, {}), kind)
        known = ["name", "description", "source", "classifier", "generator", "run"]
        for name in sorted(set(values) - set(known)):
            problems.append(f"unknown entry {name!r}{near_words(name, known)}")
        if not problems:
            problems = _unfit(values)
        if problems:
            raise ValueError(f"Preset {values.get('name')}: {'; '.join(problems)}.")
        built = {name: kind(**values[name]) for name, kind in sections.items()}
        return cls(name=values["name"], description=values.get("description", ""), **built)


def _unfit(values: dict[str, Any]) -> list[str]:
    """List what each section allows and the sections together do not."""
    generator, size = values.get("generator") or {}, values["source"]["image_size"]
    problems = []
    if "fold" in generator and size % generator["fold"]:
        problems.append(f"[generator] fold is {generator['fold']}; it must divide {size} pixels")
    if any(width % NORM_GROUPS for width in generator.get("widths", [])):
        problems.append(
            f"[generator] widths are {generator['widths']}; multiples of {NORM_GROUPS} are needed"
        )
    if same_architecture(generator.get("reader", ""), values["classifier"]["backbone"]):
        problems.append(
            f"[generator] reader is {generator['reader']}, as is the classifier's backbone, which "
            "judges; what guides a method must not judge it: name another timm model"
        )
    return problems


def same_architecture(one: str, other: str) -> bool:
    """Say whether timm makes the same network of both names; what follows a dot is weights."""
    return one.partition(".")[0] == other.partition(".")[0]
