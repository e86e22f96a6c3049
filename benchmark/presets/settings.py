"""Presets: how large the cohorts are and how long a classifier trains, one TOML file each."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

NORM_GROUPS = 16  # a denoiser's channels are normalised in so many groups


@dataclass(frozen=True)
class SourceSettings:
    """Sizes of the digital cohorts; image_size holds for table cohorts too."""

    image_size: int
    train: int
    val: int
    test: int


@dataclass(frozen=True)
class ClassifierSettings:
    """The one standard classifier. Every method gets the same number of steps."""

    backbone: str  # a timm model name
    steps: int
    batch_size: int
    learning_rate: float  # peak of a one-cycle schedule, AdamW
    weight_decay: float
    evaluations: int  # how often val is looked at; the best state is kept


@dataclass(frozen=True)
class GeneratorSettings:
    """The generator that every generative method starts from, so that none has a larger one."""

    base_steps: int  # of training the base, which draws from sentences alone
    steps: int  # of training the ControlNet, which draws by masks, from there
    tuning_steps: int  # of aligning the base's groups with a target
    tuning_batch: int  # images drawn for each of them
    reader: str  # timm model that methods read images with; the classifier's is the judge's
    batch_size: int
    accumulation: int  # batches per step
    learning_rate: float
    sampling_steps: int
    guidance: float  # classifier-free; 1 is none


@dataclass(frozen=True)
class ScratchSettings(GeneratorSettings):
    """A small generator, trained on the task's own training patients and nothing else."""

    fold: int  # blocks of so many pixels a side become channels
    components: int  # principal components of a block that are drawn
    widths: list[int]  # channels of the denoiser, from fine to coarse
    last_noise: int  # of 1000: sampling ends here and takes all that is left away at once
    base_sampling_steps: int  # the same two without a mask: what is where has to be found first
    base_last_noise: int


@dataclass(frozen=True)
class CheckpointSettings(GeneratorSettings):
    """A generator that starts from a Stable Diffusion checkpoint, which stays as it is."""

    checkpoint: str  # a folder in diffusers format; empty: to be given with --checkpoint
    size: int  # pixels that it draws; the task's images are scaled to them and back
    adapter_rank: int  # of the low-rank adapter (LoRA) with which the base learns the task
    adapter_rate: float  # its learning rate


@dataclass(frozen=True)
class RunSettings:
    """What the matrix runs, and how long one run may take."""

    seeds: list[int]
    time_limit_minutes: float
    threads: int  # of one run; fixed, because the number of threads changes how sums are rounded


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
            problems += _problems(section, values.get(section, {}), kind)
        known = ["name", "description", "source", "classifier", "generator", "run"]
        for name in sorted(set(values) - set(known)):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            problems.append(f"unknown entry {name!r}{hint}")
        if not problems:
            problems = _unfit(values)
        if problems:
            raise ValueError(f"Preset {values.get('name')}: {'; '.join(problems)}.")
        built = {name: kind(**values[name]) for name, kind in sections.items()}
        return cls(name=values["name"], description=values.get("description", ""), **built)


def _problems(section: str, values: dict[str, Any], kind: type) -> list[str]:
    types = {f.name: str(f.type) for f in dataclasses.fields(kind)}
    names = list(types)
    problems = [f"[{section}] lacks {name}" for name in names if name not in values]
    for name, value in values.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]}" if near else ""
            problems.append(f"[{section}] has no {name!r}{hint} (it has {', '.join(names)})")
        elif not _fits(value, types[name]):
            problems.append(f"[{section}] {name} is {value!r}; it must be of type {types[name]}")
        elif isinstance(value, int | float) and (
            value < 0 or (value == 0 and name != "weight_decay")
        ):
            problems.append(f"[{section}] {name} is {value}; it must be above 0")
        elif name.endswith("last_noise") and value >= 999:
            problems.append(f"[{section}] {name} is {value}; it must be below 999")
        elif name == "seeds" and (not value or len(set(value)) != len(value)):
            problems.append(f"[{section}] seeds is {value}; it needs different whole numbers")
    return problems


def _fits(value: Any, kind: str) -> bool:
    if kind == "list[int]":
        return isinstance(value, list | tuple) and all(type(one) is int for one in value)
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value).__name__ == kind


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


def preset_names() -> list[str]:
    """List the presets that ship with Equipoise."""
    files = resources.files("benchmark.presets").iterdir()
    return sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml"))


def load_preset(name: str) -> Preset:
    """Load a shipped preset by name, or a TOML file of your own by path."""
    try:
        values = tomllib.loads(preset_text(name))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"The preset file {name} is no valid TOML: {error}.") from error
    return Preset.from_dict({"name": Path(name).stem, **values})


def preset_text(name: str) -> str:
    """Return the TOML file of a preset, shipped or your own, as it is."""
    if name.endswith(".toml"):
        if not Path(name).is_file():
            raise ValueError(f"There is no preset file {name}.")
        return Path(name).read_text()
    if name not in preset_names():
        near = difflib.get_close_matches(name, preset_names(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"Unknown preset {name!r}.{hint} Known: {', '.join(preset_names())}.")
    return resources.files("benchmark.presets").joinpath(f"{name}.toml").read_text()
