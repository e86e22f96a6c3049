"""The order of a plan's runs: first what a reader of the page learns most from per second.

A round is a group of runs after which the page is worth reading again: all rows that train no
generator with one seed, or all rows that train one with one seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from benchmark.planning.costs import Costs, multiple_of
from benchmark.planning.plan import PlannedRun
from benchmark.records.run_folder import Status
from benchmark.records.unfinished import Unfinished

Round = tuple[bool, int]  # whether its rows train generators, and the seed


def round_of(run: PlannedRun) -> Round:
    """Name the round of a run; rounds are done in the order of their names."""
    return run.config.method.trains_generator, run.config.seed


def in_rounds(planned: Sequence[PlannedRun], costs: Costs) -> list[PlannedRun]:
    """Order runs by round. Inside a round long rows come first, so that all cores end together.

    A row that another one with a generator must beat comes before it: it trains the parts that both
    share. Tasks change fastest: runs at the same time need different cohorts and generators.
    """
    runs = [run for run in planned if run.config.method.trains_generator]
    shared = {rival for run in runs for rival in run.config.method.compare_with}
    rows: dict[str, list[float]] = {}
    for run in planned:
        expected = costs.seconds(run.config) or multiple_of(run.config)
        rows.setdefault(run.config.method.name, []).append(expected)
    places = {name: place for place, name in enumerate(rows)}

    def key(run: PlannedRun) -> tuple[Round, bool, float, int]:
        name = run.config.method.name
        return round_of(run), name not in shared, -fmean(rows[name]), places[name]

    return sorted(planned, key=key)  # what is alike stays as it was: tasks change fastest


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
