"""What runs will take: from runs that were timed, else from a table of relative costs.

The table (relative_costs.toml) says how many runs of erm a run of each method costs. A run of erm
in seconds comes from any timed run of the preset, or from a probe of this machine.
"""

from __future__ import annotations

import heapq
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from statistics import median

from benchmark.records.config import RunConfig
from benchmark.records.run_folder import find_runs

STARTING = 2.0  # seconds of a run that its record does not count: its process, scoring, writing
AT_LEAST = 0.05  # of its expected time is left of a run that goes on


@cache
def multiples() -> dict[str, float]:
    """Return what a run of each method costs in runs of erm."""
    text = resources.files("benchmark.planning").joinpath("relative_costs.toml").read_text()
    found: dict[str, float] = tomllib.loads(text)["multiples"]
    return found


class Costs:
    """Expected seconds of runs, by what was timed and by the table."""

    def __init__(self, erm: float | None = None) -> None:
        """erm: seconds of a run of erm by a probe; it counts until a run of the preset is timed."""
        self.erm = erm
        self._seen: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self._units: dict[str, list[float]] = defaultdict(list)

    @classmethod
    def of(cls, runs: Path) -> Costs:
        """Learn from the finished runs of a folder."""
        costs = cls()
        for record in find_runs(runs):
            if record.result:
                costs.add(record.config, sum(record.result.run.seconds.values()) + STARTING)
        return costs

    def add(self, config: RunConfig, seconds: float) -> None:
        """Learn what one run took."""
        for key in _keys(config):
            self._seen[key].append(seconds)
        self._units[config.preset.name].append(max(seconds - STARTING, 0.1) / multiple_of(config))

    def knows(self, preset: str) -> bool:
        """Say whether any run of a preset was timed."""
        return preset in self._units

    def seconds(self, config: RunConfig) -> float | None:
        """Return what a run will take; None where nothing says how fast this machine is."""
        for key in _keys(config):
            if key in self._seen:
                return sum(self._seen[key]) / len(self._seen[key])
        units = self._units.get(config.preset.name)
        unit = median(units) if units else self.erm
        return None if unit is None else unit * multiple_of(config) + STARTING

    def has_timed(self, config: RunConfig) -> bool:
        """Say whether a run of this method and preset was timed, on whatever task."""
        return _keys(config)[1] in self._seen

    def is_guess(self, config: RunConfig) -> bool:
        """Say whether a run's method was neither timed on this preset nor is in the table."""
        return config.method.name not in multiples() and not self.has_timed(config)


def multiple_of(config: RunConfig) -> float:
    """Return a run's cost in runs of erm.

    A method that is not in the table counts as erm; one that trains a generator as the dearest.
    """
    known = multiples()
    stranger = max(known.values()) if config.method.trains_generator else known["erm"]
    return known.get(config.method.name, stranger)


def time_to_end(
    started: Iterable[tuple[float, float]], waiting: Sequence[float], parallel: int
) -> float:
    """Return the seconds until the last run ends, `parallel` at a time, in their order.

    started: expected and spent seconds of each run that goes on. waiting: expected seconds.
    """
    ends = sorted(max(expected - spent, AT_LEAST * expected) for expected, spent in started)
    ends += [0.0] * (parallel - len(ends))
    heapq.heapify(ends)
    for seconds in waiting:
        heapq.heappush(ends, heapq.heappop(ends) + seconds)
    return max(ends)


def _keys(config: RunConfig) -> list[tuple[str, ...]]:
    preset, name = config.preset.name, config.method.name
    return [(preset, config.task.name, name), (preset, name)]
