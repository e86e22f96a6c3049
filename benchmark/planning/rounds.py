"""The order of a plan's runs: first what a reader of the page learns most from per second.

A round is a group of runs after which the page is worth reading again: all rows that train no
generator with one seed, or all rows that train one with one seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.planning.plan import PlannedRun
from benchmark.records.run_folder import Status, find_runs
from benchmark.records.unfinished import Unfinished

Round = tuple[bool, int]  # whether its rows train generators, and the seed


def round_of(run: PlannedRun) -> Round:
    """Name the round of a run; rounds are done in the order of their names."""
    return run.config.method.trains_generator, run.config.seed


def in_rounds(planned: Sequence[PlannedRun], costs: Mapping[str, float]) -> list[PlannedRun]:
    """Order runs by round. Inside a round long rows come first, so that all cores end together.

    A row that another one with a generator must beat comes before it: it trains the parts that both
    share. Tasks change fastest: runs at the same time need different cohorts and generators.
    costs: what a run of a method takes, in any unit; a method that is not there counts as average.
    """
    runs = [run for run in planned if run.config.method.trains_generator]
    shared = {rival for run in runs for rival in run.config.method.compare_with}
    average = sum(costs.values()) / len(costs) if costs else 0.0
    rows = {name: place for place, name in enumerate(_methods(planned))}

    def key(run: PlannedRun) -> tuple[Round, bool, float, int]:
        name = run.config.method.name
        return round_of(run), name not in shared, -costs.get(name, average), rows[name]

    return sorted(planned, key=key)  # what is alike stays as it was: tasks change fastest


def mean_seconds(runs: Path, preset: str) -> dict[str, float]:
    """Return what a run of each method took in a results folder, with one preset."""
    seen: dict[str, list[float]] = {}
    for record in find_runs(runs):
        if record.result and record.config.preset.name == preset:
            spent = sum(record.result.run.seconds.values())
            seen.setdefault(record.config.method.name, []).append(spent)
    return {name: sum(seconds) / len(seconds) for name, seconds in seen.items()}


def _methods(planned: Sequence[PlannedRun]) -> list[str]:
    return list(dict.fromkeys(run.config.method.name for run in planned))


class Rounds:
    """Counts what has become of the runs of a plan, round by round."""

    def __init__(self, planned: Sequence[PlannedRun]) -> None:
        self._planned = planned
        self._ended = {id(run): "done" for run in planned if run.status == "done"}
        self._left = Counter(round_of(run) for run in planned if run.status != "done")

    @property
    def left(self) -> list[int]:
        """The number of runs that are left in each round that is not over, in order."""
        return [n for _, n in sorted(self._left.items())]

    def end(self, run: PlannedRun, status: Status) -> Unfinished | None:
        """Count a run as ended. If its round is over with it, and others are not, say how far."""
        name = round_of(run)
        self._ended[id(run)] = status
        self._left[name] -= 1
        if self._left[name]:
            return None
        del self._left[name]
        return self._so_far() if self._left else None

    def _so_far(self) -> Unfinished:
        ended = list(self._ended.values())
        of = {True: set[str](), False: set[str]()}  # methods by whether a run of theirs has ended
        for run in self._planned:
            of[id(run) in self._ended].add(run.config.method.name)
        return Unfinished(
            total=len(self._planned),
            done=ended.count("done"),
            failed=ended.count("failed"),
            more_seeds=len(of[True] & of[False]),
            to_come=tuple(sorted(of[False] - of[True])),
        )
