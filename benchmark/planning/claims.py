"""The rows that a method declares it must beat: are they spelt right, are they there?"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from benchmark.discovery.find import find_methods
from benchmark.planning.resolve import cohort_folder
from benchmark.records.config import RunConfig

ALIKE = 0.8  # names at least so similar are taken for the same word, misspelt


def misspelt_rivals(configs: Sequence[RunConfig], runs: Path) -> list[str]:
    """Refuse names in compare_with that nothing is called, but something nearly is.

    A name that nothing resembles may be a row that its author will bring later: it is no mistake,
    and missing_rivals says that it is missing.
    """
    known = {*find_methods(), *(config.method.name for config in configs)}
    problems = []
    for method, rival in sorted(_declared(configs)):
        near = difflib.get_close_matches(rival, known, n=1, cutoff=ALIKE)
        if rival not in known and near and not any(runs.glob(f"*/*/{rival}/*/done")):
            problems.append(
                f"{method} is to beat {rival!r} (compare_with), and there is no such method. Did "
                f"you mean {near[0]!r}? If it is a row of your own, run it in the same plan, with "
                f"--method and its path."
            )
    return problems


def missing_rivals(configs: Sequence[RunConfig], runs: Path) -> list[str]:
    """Say which rows that a method must beat will be missing beside it, and what to add."""
    planned = {(config.method.name, *_place(config)) for config in configs}
    missing: dict[tuple[str, str], set[str]] = defaultdict(set)
    for config in configs:
        for rival in _rivals(config):
            if (rival, *_place(config)) not in planned and not _is_done(rival, config, runs):
                missing[config.method.name, rival].add(config.task.name)
    known = find_methods()
    return [
        _missing_words(method, rival, sorted(tasks), known)
        for (method, rival), tasks in sorted(missing.items())
    ]


def _missing_words(method: str, rival: str, tasks: Sequence[str], known: Collection[str]) -> str:
    add = rival if rival in known else f"PATH (there is no method called {rival!r} here)"
    return (
        f"{method} must beat {rival}, which is neither in this plan nor finished on "
        f"{', '.join(tasks)} for all of these seeds. Without it the page does not call {method} "
        f"better. Add --method {add}."
    )


def _declared(configs: Sequence[RunConfig]) -> set[tuple[str, str]]:
    return {(config.method.name, rival) for config in configs for rival in _rivals(config)}


def _rivals(config: RunConfig) -> tuple[str, ...]:
    """Return the rows that a run's method must beat; controls claim nothing."""
    return () if config.method.kind == "control" else config.method.compare_with


def _place(config: RunConfig) -> tuple[str, str, str, int]:
    """Return what two runs must share to be compared."""
    return config.task.name, config.variant.name, config.preset.name, config.seed


def _is_done(rival: str, config: RunConfig, runs: Path) -> bool:
    folder = cohort_folder(runs, config) / rival
    return any(folder.glob(f"{config.preset.name}-seed-{config.seed}-*/done"))
