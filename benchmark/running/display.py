"""How far a matrix is: a line per method in a terminal, a line per finished run in a log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from benchmark.api.scores import ScoreKey
from benchmark.planning.costs import Costs
from benchmark.planning.plan import PlannedRun
from benchmark.planning.resolve import cohort_words
from benchmark.records.config import RunConfig
from benchmark.records.run_folder import RunRecord
from benchmark.running.jobs import Job
from benchmark.running.matrix_rows import (
    Row,
    State,
    board_of,
    row_name,
    rows_of,
    score_words,
)
from benchmark.running.time_left import TimeLeft
from benchmark.support import progress

LOOK_EVERY_SECONDS = 0.5  # at the logs of runs, in a terminal
LINE_EVERY_SECONDS = 30.0  # in a log, where no run ended
SCORE_WIDTH = len("0.000 (0.000 to 0.000)")
DOTS: dict[State, str] = {"waiting": "·", "running": "◐", "done": "●", "failed": "✗"}
ASCII: dict[State, str] = {"waiting": ".", "running": "o", "done": "#", "failed": "x"}
STYLES: dict[State, str] = {"waiting": "dim", "running": "cyan", "done": "green", "failed": "red"}


class Display:
    """Shows a plan while it is done; leaves the terminal as it was, with the last state in it."""

    def __init__(self, planned: Sequence[PlannedRun], costs: Costs, parallel: int) -> None:
        """costs: of earlier runs, from which the time left is told."""
        self.boards = rows_of(planned)
        self.rows = {id(run.config): self._row(run) for run in planned}
        self.waiting = {id(run.config): run.config for run in planned if run.status != "done"}
        self.total, self.count = len(self.waiting), 0
        self.left = TimeLeft(costs, parallel)
        self.started: dict[int, float] = {}  # when a run was first seen running
        self.others: list[str] = []  # what else runs: cohorts
        self.looked = self.said = time.monotonic()
        self.ended = False
        shown = progress.console.is_terminal
        self.live = Live(self, console=progress.console, refresh_per_second=2) if shown else None

    def _row(self, run: PlannedRun) -> Row:
        return self.boards[board_of(run.config)][row_name(run)]

    def __enter__(self) -> Display:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True
        if self.live:
            self.live.stop()

    def watch(self, running: Sequence[Job]) -> None:
        """Note what is running; read what it wrote last where somebody sees it."""
        now = time.monotonic()
        for job in running:
            if id(job.config) in self.waiting and not job.prepares:
                self.started.setdefault(id(job.config), now)
                self.rows[id(job.config)].seeds[job.config.seed] = "running"
        self.others = [job.title for job in running if job.prepares]
        if self.live and now - self.looked >= LOOK_EVERY_SECONDS:
            self.looked = now
            for job in running:
                if not job.prepares:
                    words = _last_line(job.partial / "log.txt")
                    self.rows[id(job.config)].doing = f"seed {job.config.seed}: {words}"
        elif not self.live and now - self.said >= LINE_EVERY_SECONDS:
            names = [*(_name(self.waiting[one]) for one in self.started), *self.others]
            self._say(f"{self._summary()}; running: {', '.join(names) or 'nothing yet'}")

    def finished(self, record: RunRecord, config: RunConfig) -> None:
        """Take a run's end in, and print a line: what, how well, how long."""
        self.count += 1
        row = self.rows[id(config)]
        row.add(record)
        row.doing = ""
        del self.waiting[id(config)]
        began = self.started.pop(id(config), None)
        if record.status == "done" and began is not None:
            self.left.ended(config, time.monotonic() - began)
        if not self.live or record.status == "failed":
            self._say(f"[{self.count}/{self.total}] {_name(config)}: {_in_words(record)}")

    def _say(self, line: str) -> None:
        progress.say(line)
        self.said = time.monotonic()

    def _summary(self) -> str:
        """Say how many runs are done and how long the rest takes."""
        now = time.monotonic()
        words = f"{self.count} of {self.total} runs done"
        going = [(self.waiting[one], now - began) for one, began in self.started.items()]
        to_do = [config for one, config in self.waiting.items() if one not in self.started]
        seconds = self.left.seconds(going, to_do) if self.waiting else None
        return words if seconds is None else f"{words}, about {duration(seconds)} left"

    # In a terminal -----------------------------------------------------------------------------

    def __rich__(self) -> RenderableType:
        """Draw the boards and a last line; where they are higher than the screen, a part."""
        console = progress.console
        dots = ASCII if console.options.ascii_only else DOTS
        rows = [row for board in self.boards.values() for row in board.values()]
        room = console.height - 2 - len(self.boards)
        shown = rows if self.ended else _most_telling(rows, room)
        widths = max(len(row.name) for row in shown), max(len(row.seeds) for row in shown)
        lines = []
        for (task, cohort), board in self.boards.items():
            metric = next(iter(board.values())).metric.replace("_", " ")
            lines.append(Text(f"{task} {cohort}: {metric}", style="bold"))
            few = [row for row in board.values() if any(row is one for one in shown)]
            lines += [_line(row, widths, dots) for row in few]
        hidden = len(rows) - len(shown)
        more = f"; {hidden} more rows do not fit this screen" if hidden else ""
        preparing = f"; preparing {', '.join(self.others)}" if self.others else ""
        lines.append(Text(f"{self._summary()}{preparing}{more}"))
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(*lines)


def _most_telling(rows: Sequence[Row], room: int) -> list[Row]:
    """Choose the rows that fit: what runs, what failed, what waits, and then what is done."""

    def rank(row: Row) -> int:
        states = set(row.seeds.values())
        order: tuple[State, ...] = ("running", "failed", "waiting", "done")
        return next(n for n, state in enumerate(order) if state in states)

    return sorted(rows, key=rank)[: max(room, 1)]


def _line(row: Row, widths: tuple[int, int], dots: dict[State, str]) -> Text:
    """Draw a row: method, a dot per seed, score so far with interval, what it does now."""
    name, seeds = widths
    line = Text(f"  {row.name:<{name}} ")
    for state in row.seeds.values():
        line.append(dots[state], STYLES[state])
    line.append(" " * (seeds - len(row.seeds) + 1))
    line.append(f"{score_words(row):<{SCORE_WIDTH}} ")
    return line.append(row.doing, "dim")


def duration(seconds: float) -> str:
    """Write a duration for a person: seconds below 90, minutes below two hours, then hours."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _last_line(log: Path) -> str:
    """Return the last line of a log, however long it is."""
    if not log.exists():
        return "starting"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        lines = file.read().decode(errors="replace").splitlines()
    return lines[-1].strip() if lines else "starting"


def _name(config: RunConfig) -> str:
    return f"{config.task.name} {cohort_words(config)} {config.run}"


def _in_words(record: RunRecord) -> str:
    if record.error is not None:
        return f"FAILED, {record.error.splitlines()[0]}"
    main = record.config.card.main_metric
    score = next(s for s in record.scores if s.key == ScoreKey(main))
    value = "undefined" if score.value is None else f"{score.value:.3f}"
    spent = sum(record.result.run.seconds.values()) if record.result else 0.0
    return f"{main.replace('_', ' ')} {value}, {spent:.0f} s"
