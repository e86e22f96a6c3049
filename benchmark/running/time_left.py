"""How long a matrix still takes, from what its finished runs took against what was expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from benchmark.planning.costs import Costs, time_to_end
from benchmark.records.config import RunConfig


class TimeLeft:
    """Corrects what was expected by what came: of the same method first, else of its like."""

    def __init__(self, costs: Costs, parallel: int) -> None:
        """costs: of earlier runs and the table; it is not changed."""
        self._before, self.parallel = costs, parallel
        self._now = Costs()
        self._expected: dict[bool, float] = defaultdict(float)
        self._took: dict[bool, float] = defaultdict(float)

    def ended(self, config: RunConfig, seconds: float) -> None:
        """Learn from a run that ended well: how long it took by the clock."""
        expected = self._before.seconds(config)
        if expected is not None:
            self._expected[config.method.trains_generator] += expected
            self._took[config.method.trains_generator] += seconds
        self._now.add(config, seconds)

    def seconds(
        self, running: Iterable[tuple[RunConfig, float]], waiting: Sequence[RunConfig]
    ) -> float | None:
        """Return the seconds left; running: with the seconds spent. None: nothing is known yet."""
        started = [(self._of(config), spent) for config, spent in running]
        to_do = [self._of(config) for config in waiting]
        if None in to_do or any(expected is None for expected, _ in started):
            return None
        known = [(expected, spent) for expected, spent in started if expected is not None]
        return time_to_end(known, [one for one in to_do if one is not None], self.parallel)

    def _of(self, config: RunConfig) -> float | None:
        """Return a run's expected seconds: of this matrix, else corrected by its likes."""
        expected = self._before.seconds(config)
        if self._now.has_timed(config) or expected is None:
            return self._now.seconds(config)
        like = config.method.trains_generator
        if self._expected[like]:
            return expected * self._took[like] / self._expected[like]
        whole = sum(self._expected.values())
        return expected * (sum(self._took.values()) / whole if whole else 1.0)
