"""How far a matrix is: a bar in a terminal, a line per finished run everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmark.api.scores import ScoreKey
from benchmark.planning.resolve import cohort_words
from benchmark.records.run_folder import RunRecord
from benchmark.running.jobs import Job
from benchmark.support import progress


class Display:
    """A bar with time left in a terminal; a line per finished run everywhere."""

    def __init__(self, total: int) -> None:
        self.total, self.count = total, 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        shown = progress.console.is_terminal
        self.bar = Progress(*columns, console=progress.console, disable=not shown, transient=True)
        self.task = self.bar.add_task("runs", total=total)

    def __enter__(self) -> Display:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def watch(self, running: Iterable[Job]) -> None:
        """Show what is running and the last line that each run wrote."""
        if self.bar.disable:
            return
        words = []
        for job in running:
            log = job.partial / "log.txt"
            lines = _tail(log)
            words.append(f"{job.title}: {lines[-1]}" if lines else job.title)
        self.bar.update(self.task, description="\n".join(words)[:300])

    def finished(self, record: RunRecord) -> None:
        """Advance the bar and print one line: what, how well, how long."""
        self.count += 1
        self.bar.advance(self.task)
        config = record.config
        where = f"{config.task.name} {cohort_words(config)} {config.run}"
        progress.say(f"[{self.count}/{self.total}] {where}: {_in_words(record)}")


def _tail(log: Path) -> list[str]:
    """Return the last lines of a log, however long it is."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 2000))
        return file.read().decode(errors="replace").splitlines()


def _in_words(record: RunRecord) -> str:
    if record.error is not None:
        return f"FAILED, {record.error.splitlines()[0]}"
    main = record.config.card.main_metric
    score = next(s for s in record.scores if s.key == ScoreKey(main))
    value = "undefined" if score.value is None else f"{score.value:.3f}"
    spent = sum(record.result.run.seconds.values()) if record.result else 0.0
    return f"{main.replace('_', ' ')} {value}, {spent:.0f} s"
