"""Is the table of a run that of its cohort? Labels and attributes are never believed from a folder.

Whoever writes a run folder also writes its labels: with the answers for labels every method is
right. So the patients of predictions.parquet are looked up in the cohort, by image id. Of a digital
cohort that takes no image. A folder of patients is compared where it is at hand.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow.parquet import ParquetFile

from benchmark.api.card import TaskCard
from benchmark.api.data import Source, default_cache
from benchmark.api.protocols import Task, truth_of
from benchmark.api.variant import Variant
from benchmark.cohorts.identity import content_digest
from benchmark.discovery.code_digest import file_digest
from benchmark.discovery.find import Found, LookupFailed, find_tasks
from benchmark.discovery.load import load_task
from benchmark.planning.identity import code_identity
from benchmark.records.checked import Checked
from benchmark.records.config import RunConfig
from benchmark.records.result import PREDICTIONS
from benchmark.records.run_folder import RunRecord
from benchmark.running.compared_runs import ComparedRuns, state_of
from benchmark.running.table_problems import columns_of, id_problems, word_problems
from benchmark.support.words import counted, listed


class NotCompared(Exception):
    """There is nothing to compare a run with; the words say why."""


@dataclass(frozen=True)
class Truth:
    """Who is in the splits that a run predicts: a table each, and all of them as a run has them."""

    splits: Mapping[str, pd.DataFrame]
    whole: pa.Table

    @classmethod
    def of(cls, splits: Mapping[str, pd.DataFrame], card: TaskCard) -> Truth:
        """Put the tables of the splits below each other."""
        named = [table.assign(split=name) for name, table in splits.items()]
        whole = pd.concat(named, ignore_index=True)[columns_of(card)]
        return cls(splits, pa.Table.from_pandas(whole, preserve_index=False))


@dataclass
class CohortCheck:
    """Compares runs with their cohorts, and counts what came of it.

    folders: table cohorts that are at hand. known: what was found before.
    """

    folders: Sequence[Path] = ()
    known: ComparedRuns = field(default_factory=ComparedRuns)
    found: list[Checked] = field(default_factory=list)  # one for each run that was asked for
    differ: list[str] = field(default_factory=list)  # folders of runs with other tables
    _truths: dict[str, Truth] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)

    def of(self, folder: Path, config: RunConfig) -> Checked:
        """Compare a finished run's table with its cohort's."""
        kind = config.source.kind
        compare = self._of_patients if kind == "table" else self._of_digital
        try:
            found = compare(folder, config)
        except NotCompared as error:
            words = str(error)
            found = Checked(believed=words) if kind == "table" else Checked(unknown=words)
        if config.cohort_facts.kind != kind:
            found = Checked(wrong=f"config.json gives its cohort two kinds, one of them {kind!r}")
        self.found.append(found)
        if found.wrong:
            # From the task on: the folders of this machine are nobody's business on a page.
            self.differ.append("/".join(folder.parts[-4:]))
        return found

    def refusal(self, run: RunRecord) -> str:
        """Say why a finished run is not scored; empty if nothing speaks against it."""
        words = self.of(run.folder, run.config).wrong
        if not words:
            return ""
        return (
            f"{run.folder} is not scored and stays as it is: its table is not its cohort's: {words}"
        )

    def summary(self) -> str:
        """Say how many runs were compared with their cohorts, and what became of the others."""
        compared = sum(not one.unknown and not one.believed for one in self.found)
        of_runs = counted(compared, "run was", "runs were")
        words = f"Labels and attributes of {of_runs} compared with their cohorts'."
        if self.differ:
            count = counted(len(self.differ), "differs and counts", "differ and count")
            words += f" {count} as failed: {listed(self.differ)}."
        if unknown := Counter(one.unknown for one in self.found if one.unknown):
            words += (
                f" {counted(unknown.total(), 'run')} could not be compared and got no place, tier "
                f"or verdict: {'; '.join(unknown)}."
            )
        if believed := Counter(one.believed for one in self.found if one.believed):
            words += (
                f" The labels of {counted(believed.total(), 'run')} on folders of patients are "
                f"believed as recorded: {'; '.join(believed)}."
            )
        return words

    @cached_property
    def _tasks(self) -> Mapping[str, Found]:
        return find_tasks()

    def _code_of(self, found: Found) -> str:
        if found.name not in self._codes:
            self._codes[found.name] = code_identity(found)
        return self._codes[found.name]

    # Digital cohorts ---------------------------------------------------------------------------

    def _of_digital(self, folder: Path, config: RunConfig) -> Checked:
        task_found = self._tasks.get(config.task.name)
        if task_found is None:
            raise NotCompared(f"there is no task {config.task.name!r} here")
        code = self._code_of(task_found)
        state = state_of(folder, f"{code} {_own_code()}")
        found = self.known.get(folder, state)
        if found is None:
            found = self._compared(folder, config, task_found)
            self.known.add(folder, state, found)
        return found

    def _compared(self, folder: Path, config: RunConfig, task_found: Found) -> Checked:
        """Compare tables. Images that are not there mean another cohort, where other code of the
        task has made the run; other words of an image that is there are wrong in any case.
        """
        task, variant = _task_of(task_found, config)
        table = _read(folder, config.card)
        if isinstance(table, str):
            return Checked(wrong=table)
        if oversized := _oversized(table, config):
            return Checked(wrong="; ".join(oversized))
        truth = self._truth_of(task, variant, config)
        if table.equals(truth.whole):
            return Checked()
        rows, splits = table.to_pandas(ignore_metadata=True), dict(truth.splits)
        if config.method.kind == "control" and config.method.extra_data != "none":
            splits.pop("val", None)  # it may bring its own, and it is not ranked
            rows = rows[rows["split"] != "val"]
        ids, words = id_problems(rows, splits), word_problems(rows, splits, config.card)
        if ids and not words and self._code_of(task_found) != config.task.source:
            name = config.task.name
            return Checked(unknown=f"other code of {name} made them, with patients not found here")
        return Checked(wrong="; ".join([*ids, *words]))

    def _truth_of(self, task: Task, variant: Variant, config: RunConfig) -> Truth:
        sizes = dataclasses.asdict(config.preset.source)
        key = f"{config.task.name} {config.variant.knobs} {sizes} {config.seed}"
        if key not in self._truths:
            tables = truth_of(task, Source(**sizes), variant, config.seed)
            if not tables:
                raise NotCompared(
                    f"{config.task.name} does not say who its patients are (contract: truth)"
                )
            self._truths[key] = Truth.of(tables, config.card)
        return self._truths[key]

    # Folders of patients -----------------------------------------------------------------------

    def _of_patients(self, folder: Path, config: RunConfig) -> Checked:
        at_hand = [one for one in self.folders if content_digest(one) == config.source.content]
        if not at_hand:
            name = config.source.name
            raise NotCompared(
                f"the folder {name!r} was not given. To compare, add --cohort and its path"
            )
        table = _read(folder, config.card)
        if isinstance(table, str):
            return Checked(wrong=table)
        rows, splits = table.to_pandas(ignore_metadata=True), self._splits_of(at_hand[0], config)
        problems = [*id_problems(rows, splits), *word_problems(rows, splits, config.card)]
        return Checked(wrong="; ".join(problems))

    def _splits_of(self, patients: Path, config: RunConfig) -> Mapping[str, pd.DataFrame]:
        size = config.preset.source.image_size
        key = f"{config.source.content} {size} {config.seed} {config.task.name}"
        if key not in self._truths:
            task_found = self._tasks.get(config.task.name)
            if task_found is None:
                raise NotCompared(f"there is no task {config.task.name!r} here")
            task, _ = _task_of(task_found, config, digital=False)
            source = Source(folder=patients, image_size=size, cache=default_cache() / "cohorts")
            try:
                splits = task.load(source, Variant(), config.seed)
            except ValueError as error:
                raise NotCompared(f"{patients} cannot be read ({error})") from error
            tables = {"val": splits.val.table, "test": splits.test.table}
            self._truths[key] = Truth.of(tables, config.card)
        return self._truths[key].splits


@cache
def _own_code() -> str:
    """Identify the code that compares: what older code found is found again."""
    here = Path(__file__)
    return f"{file_digest(here)} {file_digest(here.with_name('table_problems.py'))}"


def _task_of(found: Found, config: RunConfig, *, digital: bool = True) -> tuple[Task, Variant]:
    """Load the task that a run names, never a path, with the run's knobs."""
    name = found.name
    try:
        task = load_task(found)
    except LookupFailed as error:
        raise NotCompared(f"{name} cannot be loaded ({error})") from error
    if task.card != config.card:
        raise NotCompared(f"{name} has another card here")
    if not digital:
        return task, Variant()
    try:
        return task, task.knobs.variant(**config.variant.knobs)
    except ValueError as error:
        raise NotCompared(f"{name} here has other knobs ({error})") from error


def _read(folder: Path, card: TaskCard) -> pa.Table | str:
    """Read the columns that are compared, or say why that cannot be done."""
    columns = columns_of(card)
    try:
        with ParquetFile(folder / PREDICTIONS) as file:
            table = file.read(columns=columns, use_threads=False)
    except (OSError, ValueError, pa.ArrowException) as error:
        # Its own words would print the folders of this machine on a public page.
        return f"predictions.parquet cannot be read ({type(error).__name__})"
    lacking = [name for name in columns if name not in table.column_names]
    if lacking:
        return f"predictions.parquet has no column {', '.join(lacking)}"
    return table.select(columns)


def _oversized(table: pa.Table, config: RunConfig) -> list[str]:
    """Refuse sizes beyond the table before anybody is drawn: the config is a stranger's."""
    counts = Counter(table["split"].to_pylist())
    sizes = {name: getattr(config.preset.source, name) for name in ("val", "test", "recruited")}
    return [
        f"{name}: config.json says {n} patients, and there are {counts[name]}"
        for name, n in sizes.items()
        if n > counts[name]
    ]
