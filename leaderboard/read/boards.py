"""From run folders to boards: which runs belong to one row, and which rows to one table.

A board is one (task, card, variant, settings, source, kind of seeds); a row is one method with one
setting of its fields; the runs of a row differ by seed only. Nothing is dropped without being
counted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmark.api.card import TaskCard
from benchmark.api.cohort import CohortFacts
from benchmark.api.seeds import is_development
from benchmark.records.base import UnreadableRecord
from benchmark.records.cohort import cohort_beside, read_cohort_record
from benchmark.records.config import (
    MethodPart,
    PresetPart,
    RunConfig,
    SourcePart,
    VariantPart,
)
from benchmark.records.run_folder import look_for_runs
from leaderboard.read.board_key import by_board, plain, settings_of, short_digest, telling_apart
from leaderboard.read.error_words import nothing_to_show
from leaderboard.read.index import Index
from leaderboard.read.made_with import differences
from leaderboard.read.scored_run import (
    FoundRun,
    RunKey,
    ScoredRun,
    TableCheck,
    as_declared,
    compared,
    find_run,
    one_per_seed,
    read_png,
    score_run,
)

REFERENCE = "erm"  # plain training: what every gain is measured from


@dataclass(frozen=True)
class Row:
    """One method with one setting of its fields: its runs, one per seed."""

    name: str
    config: RunConfig  # of the run that finished last, or of any run where none finished
    done: tuple[ScoredRun, ...]  # in order of seed
    failed: tuple[FoundRun, ...]  # also those whose predictions cannot be scored
    older: int  # rows of the same method and fields, made by other code, that are not shown
    differs: tuple[str, ...] = ()  # code, packages and device that the reference row has not
    unchecked: str = ""  # why nobody knows whether its labels are those of its cohort

    @property
    def method(self) -> MethodPart:
        """What the run recorded about the method: name, kind, groups_used, fields, ..."""
        return self.config.method

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that finished."""
        return tuple(run.seed for run in self.done)

    @property
    def by_key(self) -> dict[RunKey, ScoredRun]:
        """The finished runs by seed and data."""
        return {run.key: run for run in self.done}

    @property
    def comparable(self) -> bool:
        """Whether it has finished runs whose labels are not in doubt."""
        return bool(self.done) and not self.unchecked

    @property
    def is_control(self) -> bool:
        """Controls are shown, not ranked."""
        return self.method.kind == "control"

    @property
    def finished(self) -> str:
        """When the last run finished; empty where none did."""
        return max((run.facts.finished for run in self.done), default="")


@dataclass(frozen=True)
class Picture:
    """One patient of the cohort: an attribute's value, a label, and the bytes of a PNG file."""

    attribute: str
    value: str
    label: str
    png: bytes


@dataclass(frozen=True)
class Cohort:
    """What the cohort looks like: how many people in each cell, and some of them."""

    counts: tuple[Mapping[str, str | int], ...] = ()  # split, label, one entry per attribute, n
    pictures: tuple[Picture, ...] = ()
    refused: tuple[str, ...] = ()  # pictures that could not be shown, and why
    unreadable: str = ""  # why cohort.json could not be read


@dataclass(frozen=True)
class Board:
    """One table of the page: the rows that answer the same question under the same rules."""

    card: TaskCard
    variant: VariantPart
    preset: PresetPart
    source: SourcePart
    facts: CohortFacts
    rows: tuple[Row, ...]
    cohort: Cohort
    disputed: bool = False  # another board has the same names, and another card
    distinct: tuple[str, ...] = ()  # settings in which boards of the same names differ

    @property
    def card_digest(self) -> str:
        """Identify the content of the card: 6 digits."""
        return short_digest(self.card.as_dict())

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Every seed that any row of this board was asked for."""
        done = {run.seed for row in self.rows for run in row.done}
        failed = {run.config.seed for row in self.rows for run in row.failed}
        return tuple(sorted(done | failed))

    @property
    def development(self) -> bool:
        """Whether its seeds are for choosing settings, and not for reporting methods."""
        return all(map(is_development, self.seeds))

    @property
    def slug(self) -> str:
        """A name for links."""
        words = f"{self.card.name}-v{self.card.version}-{self.variant.name}-{self.preset.name}"
        if self.source.kind == "table":
            words += f"-{self.source.name}-{short_digest(self.source.plain())}"
        words += "-development" if self.development else ""
        words += f"-card-{self.card_digest}" if self.disputed else ""
        words += f"-settings-{short_digest(self.distinct)}" if self.distinct else ""
        return re.sub(r"[^a-z0-9.]+", "-", words.lower()).strip("-")


@dataclass(frozen=True)
class Collected:
    """Everything below a results folder."""

    boards: tuple[Board, ...]
    unreadable: tuple[str, ...]  # folders of other versions, damaged ones: which, why, what to do
    without_generation: tuple[str, ...]  # runs that are shown without what the judge found: why


def collect(
    root: Path,
    *,
    index: Index | None = None,
    rescore: bool = False,
    check: TableCheck | None = None,
    rivals: Mapping[str, tuple[str, ...]] | None = None,
) -> Collected:
    """Read every run below root, and sort the finished and the failed ones into boards.

    index: what earlier builds know of these runs. rescore: believe neither it nor any stored
    score; all runs are scored in memory from their predictions. check: a run whose table is not its
    cohort's has failed. rivals: what methods whose code is at hand must beat, as declared there; of
    others config.json is believed. Raises ValueError if not one run is finished and can be scored.
    """
    index = None if rescore else index or Index(root)
    found = look_for_runs(root, lambda folder: find_run(folder, index))
    ended = [compared(run, check) for run in found.readable if run.status != "unfinished"]
    ended = [as_declared(run, rivals or {}) for run in ended]
    made = _marked([_board(members, index) for members in by_board(ended)])
    rows = [row for board in made for row in board.rows]
    if not any(row.done for row in rows):
        failed = [run for row in rows for run in row.failed]
        raise ValueError(nothing_to_show(root, found, failed))
    made.sort(key=lambda b: (b.card.name, b.card.version, b.slug, plain(b.source.plain())))
    unjudged = [run.unreadable for row in rows for run in row.done if run.unreadable]
    # The folders of this machine are nobody's business on a public page.
    unreadable, without_generation = (
        tuple(one.replace(f"{root}/", "") for one in words)
        for words in (found.unreadable, unjudged)
    )
    return Collected(tuple(made), unreadable, without_generation)


def _marked(boards: Sequence[Board]) -> list[Board]:
    """Mark boards whose names are the same: by their cards, and by the settings that differ."""
    alike: dict[str, list[Board]] = defaultdict(list)
    for board in boards:
        alike[board.slug].append(board)
    marked = []
    for group in alike.values():
        disputed = len({board.card_digest for board in group}) > 1
        apart = telling_apart([_settings(board) for board in group])
        marked += [
            replace(board, disputed=disputed, distinct=distinct)
            for board, distinct in zip(group, apart, strict=True)
        ]
    return marked


def _settings(board: Board) -> dict[str, object]:
    """Return what tells boards of the same names apart, besides the card."""
    return {**settings_of(board.preset, board.variant), "cohort": board.source.name}


def read_cohort(folder: Path, card: TaskCard) -> Cohort:
    """Read cohort.json and its pictures; a cohort that nobody counted, or one of
    another card, is empty.

    The file names in it are a stranger's: one that is no plain name of a PNG file in this very
    folder is refused, and so is a link that leads out of it.
    """
    try:
        record = read_cohort_record(folder)
    except UnreadableRecord as error:
        return Cohort(unreadable=str(error).replace(f"{folder}/", ""))
    if record is None or not record.fits(card):
        return Cohort()
    pictures, refused = [], []
    for entry in record.pictures:
        png = read_png(folder, entry.file)
        if png is None:
            refused.append(f"{entry.file!r} is no PNG file beside cohort.json")
        else:
            pictures.append(Picture(entry.attribute, entry.value, entry.label, png))
    return Cohort(record.counts, tuple(pictures), tuple(refused))


def _board(runs: list[FoundRun], index: Index | None) -> Board:
    # Rows without a generator may stand on several boards: the others say which settings it has.
    with_generator = [run for run in runs if run.config.method.trains_generator]
    best = max(with_generator or runs, key=lambda run: (not run.unchecked, run.finished))
    config = best.config
    card = config.card
    return Board(
        card=card,
        variant=config.variant,
        preset=config.preset,
        source=config.source,
        facts=config.cohort_facts,
        rows=_compared(_rows(runs, card, index)),
        cohort=_cohort_of(runs),
    )


def _cohort_of(runs: Sequence[FoundRun]) -> Cohort:
    """Read the cohort of the lowest seed; runs made before cohorts were exported name none."""
    first = min(run.config.seed for run in runs)
    newest = max((run for run in runs if run.config.seed == first), key=lambda run: run.finished)
    folder = cohort_beside(newest.folder, newest.config.cohort)
    return read_cohort(folder, newest.config.card) if folder else Cohort()


def _rows(runs: Iterable[FoundRun], card: TaskCard, index: Index | None) -> list[Row]:
    versions: dict[str, dict[str, list[FoundRun]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        method = run.config.method
        # A run that could not be checked never takes the place of one that was.
        row = plain([method.name, method.fields, bool(run.unchecked)])
        versions[row][run.config.row].append(run)
    rows = [_row(list(of_method.values()), card, index) for of_method in versions.values()]
    return sorted(rows, key=lambda row: (row.name, plain(row.method.fields)))


def _compared(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Say of every row what it was made with that plain training was not.

    Without plain training on the board, the row that finished last takes its place.
    """
    done = [row for row in rows if row.comparable]
    if not done:
        return tuple(rows)
    newest = max(done, key=lambda row: row.finished)
    reference = next((row for row in done if row.name == REFERENCE), newest)
    made = [run.config for run in reference.done]
    return tuple(
        replace(row, differs=differences([run.config for run in row.done], made)) for row in rows
    )


def _row(versions: list[list[FoundRun]], card: TaskCard, index: Index | None) -> Row:
    """Choose the version of the code that finished last."""
    chosen = max(versions, key=lambda runs: (max(run.finished for run in runs), runs[0].config.row))
    by_seed = one_per_seed(chosen)
    config = max(by_seed, key=lambda run: run.finished).config
    runs = [score_run(run, card, index) if run.status == "done" else run for run in by_seed]
    return Row(
        name=config.method.name,
        config=config,
        done=tuple(run for run in runs if isinstance(run, ScoredRun)),
        failed=tuple(run for run in runs if isinstance(run, FoundRun)),
        older=len(versions) - 1,
        unchecked="; ".join(dict.fromkeys(run.unchecked for run in by_seed if run.unchecked)),
    )
