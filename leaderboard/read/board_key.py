"""Which runs stand on one board: those with the same task, cohort, settings and kind of seeds.

Settings count by their content: what a preset is called, its description, its seeds and its time
limit make no difference.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar

from benchmark.api.card import TaskCard
from benchmark.api.seeds import is_development
from benchmark.records.config import PresetPart, RunConfig, VariantPart


class HasConfig(Protocol):
    """A run, of which only what was decided before it began is looked at."""

    @property
    def config(self) -> RunConfig:
        """The content of its config.json."""
        ...


R = TypeVar("R", bound=HasConfig)


def by_board(runs: Iterable[R]) -> list[list[R]]:
    """Sort runs into boards. A row that trains no generator hangs on none of its settings, so it
    stands on the board of every generator that its task and cohort were run with.
    """
    apart: dict[str, list[R]] = defaultdict(list)
    for run in runs:
        apart[_key(run.config)].append(run)
    return [board for members in apart.values() for board in _by_generator(members)]


def _key(config: RunConfig) -> str:
    settings = settings_of(config.preset, config.variant, generator=False)
    task = [config.task.name, config.task.version, _words(config.card)]
    kind = "development" if is_development(config.seed) else "board"
    return plain([task, config.variant.name, settings, config.source.plain(), kind])


@cache
def _words(card: TaskCard) -> str:
    """Write a card as one line, once for all its runs."""
    return plain(card.as_dict())


def _by_generator(runs: Sequence[R]) -> Iterator[list[R]]:
    kinds: dict[str, list[R]] = defaultdict(list)
    rest: list[R] = []
    for run in runs:
        if run.config.method.trains_generator:
            kinds[plain(run.config.preset.generator)].append(run)
        else:
            rest.append(run)
    yield from ([*rest, *own] for own in kinds.values() or [[]])


def settings_of(
    preset: PresetPart, variant: VariantPart, *, generator: bool = True
) -> dict[str, Any]:
    """Return the settings that make a board, by name: sizes, classifier, generator, knobs."""
    sections: dict[str, Mapping[str, Any]] = {
        "source": vars(preset.source),
        "classifier": vars(preset.classifier),
        "generator": (preset.generator or {}) if generator else {},
        "knobs": variant.knobs,
    }
    return {
        f"{section}.{name}": value
        for section, values in sections.items()
        for name, value in values.items()
    }


def telling_apart(boards: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Name, for each of several boards' settings, those in which they are not all alike."""
    names = sorted({name for settings in boards for name in settings})
    apart = [name for name in names if len({plain(one.get(name)) for one in boards}) > 1]
    return [
        tuple(f"{name} {settings.get(name, 'not set')}" for name in apart) for settings in boards
    ]


def plain(value: Any) -> str:
    """Write plain values as one line that is equal for equal values."""
    return json.dumps(value, sort_keys=True)


def short_digest(value: Any) -> str:
    """Identify plain values in 6 digits."""
    return hashlib.sha256(plain(value).encode()).hexdigest()[:6]
