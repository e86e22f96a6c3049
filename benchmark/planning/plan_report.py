"""A plan in words: what is done, what is missing, what it will cost, what to know beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from benchmark.api.mix_target import Target
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.planning import plan
from benchmark.planning.plan import PlannedRun
from benchmark.planning.resolve import cohort_words
from benchmark.support.words import counted


def plan_table(planned: Sequence[PlannedRun]) -> Table:
    """Lay out a plan: a line per task, cohort and method, seeds by what became of them."""
    table = Table("task", "cohort", "method", "seeds done", "seeds to do", "seeds that failed")
    rows: dict[tuple[str, str, str], dict[str, list[int]]] = {}
    for one in planned:
        config = one.config
        fields = ", ".join(f"{name}={value}" for name, value in one.spec.fields.items())
        method = f"{config.method.name} {fields}".strip()
        key = (config.task.name, cohort_words(config), method)
        states = rows.setdefault(key, {"done": [], "unfinished": [], "failed": []})
        states[one.status].append(config.seed)
    for key, states in sorted(rows.items(), key=lambda row: row[0][:2]):
        table.add_row(*key, *(", ".join(map(str, seeds)) for seeds in states.values()))
    return table


def plan_cost(planned: Sequence[PlannedRun], runs: Path, jobs: int) -> str:
    """Say how many runs are left, how long they will take, and on what."""
    left = sum(one.status != "done" for one in planned)
    expected, untimed = plan.expected_seconds(planned, runs)
    cost = ": no run of this preset has been timed here yet"
    generators = (
        f"{untimed} that use the preset's [generator], never timed here: minutes each where one "
        "is trained"
    )
    if not left:
        cost = ""
    elif untimed == left:
        cost = f": {generators}"
    elif expected is not None:
        seconds = max([6.0, sum(expected) / jobs, *expected])  # one run is not shared out
        cost = f": about {seconds / 60:.1f} minutes with {jobs} at a time"
        if untimed:
            cost += f", not counting {generators}"
    environment = planned[0].config.environment
    return (
        f"{counted(len(planned), 'run')}, {left} to do{cost}. Device {environment['device']}, "
        f"{environment['precision']}, {counted(int(environment['threads']), 'CPU thread')} per run."
    )


def aims(planned: Sequence[PlannedRun]) -> list[str]:
    """Say for every task which mix its generators are to draw, and where they aim at others."""
    found: dict[str, set[tuple[str, Target]]] = {}
    for one in planned:
        fields, card = one.config.method.fields, one.config.card
        if all(isinstance(fields.get(name), str) for name in ("aligns", "target")):
            target = read_target(fields["target"], card, columns_to_align(card, fields["aligns"]))
            found.setdefault(card.name, set()).add((one.config.method.name, target))
    return [
        _aim(task, sorted(pairs, key=lambda pair: (pair[0], pair[1].shares)))
        for task, pairs in found.items()
    ]


def _aim(task: str, pairs: list[tuple[str, Target]]) -> str:
    if len({target for _, target in pairs}) == 1:
        return f"{task}: {', '.join(name for name, _ in pairs)}: target mix {pairs[0][1].words}."
    each = "; ".join(f"{name} at {target.exactly}" for name, target in pairs)
    return (
        f"{task}: the rows have different target mixes ({each}). Such rows do not stand in one "
        "table of the page: give all of them the same aligns and target with --set."
    )
