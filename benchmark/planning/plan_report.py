"""A plan in words: what is done, what is missing, what it will cost, what to know beforehand."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from benchmark.api.mix_target import Target
from benchmark.generation.mix_targets import columns_to_align, read_target
from benchmark.planning.costs import Costs, time_to_end
from benchmark.planning.plan import PlannedRun
from benchmark.planning.resolve import cohort_words
from benchmark.records.config import RunConfig


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


def plan_cost(planned: Sequence[PlannedRun], costs: Costs, jobs: int) -> str:
    """Say how many runs are left, how long they will take, how that is known, and on what."""
    left = [one.config for one in planned if one.status != "done"]
    cost = ""
    if left:
        seconds = [costs.seconds(config) or 0.0 for config in left]
        minutes = time_to_end([], seconds, jobs) / 60
        cost = (
            f": about {max(minutes, 0.1):.1f} minutes with {jobs} at a time{_known_by(left, costs)}"
        )
    environment = planned[0].config.environment
    return (
        f"{count_of_runs(len(planned))}, {len(left)} to do{cost}. Device {environment['device']}, "
        f"{environment['precision']}, {environment['threads']} CPU thread(s) per run."
    )


def _known_by(left: Sequence[RunConfig], costs: Costs) -> str:
    """Say what a price rests on that does not rest on timed runs of the same methods."""
    preset = left[0].preset.name
    untimed = [config for config in left if not costs.has_timed(config)]
    if not untimed:
        return ""
    guessed = {
        config.method.name: "the dearest that trains a generator"
        if config.method.trains_generator
        else "erm"
        for config in untimed
        if costs.is_guess(config)
    }
    if costs.knows(preset):
        words = f", {len(untimed)} of them by a table of relative costs"
    else:
        words = f", by a probe of this machine and a table of relative costs: no run of {preset} "
        words += "has been timed in this folder yet"
    counted = "; ".join(f"{name} counts as {other}" for name, other in guessed.items())
    return f"{words}; {counted}, because it was never timed" if counted else words


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


def count_of_runs(n: int) -> str:
    """Say how many, in the singular for one."""
    return "1 run" if n == 1 else f"{n} runs"
