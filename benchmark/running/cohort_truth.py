"""Is the table of a run that of its cohort? Labels and attributes are never believed from a folder.

Whoever writes a run folder also writes its labels: with the answers for labels every method is
right. So the patients of predictions.parquet are looked up in the cohort, by image id.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from benchmark.api.card import TaskCard
from benchmark.api.data import Source, default_cache
from benchmark.api.protocols import Task, truth_of
from benchmark.api.variant import Variant
from benchmark.cohorts.identity import content_digest
from benchmark.discovery.find import LookupFailed, find_tasks
from benchmark.discovery.load import load_task
from benchmark.planning.identity import code_identity
from benchmark.records.config import RunConfig
from benchmark.records.result import PREDICTIONS
from benchmark.records.run_folder import RunRecord

Tables = Mapping[str, pd.DataFrame]  # of the splits that a run predicts, by their names


class NotChecked(Exception):
    """There is nothing to compare a run with; the words say why."""


def table_problems(table: pd.DataFrame, truth: Tables, card: TaskCard) -> list[str]:
    """Say where a run's table is not that of its cohort: unknown ids, patients left out, and words.

    table: image_id, patient_id, split, label, attributes. truth: the same, one table per split.
    """
    found = table["split"].astype(str)
    problems = [
        f"split {name!r} is none of this cohort ({', '.join(truth)})"
        for name in sorted(set(found) - set(truth))
    ]
    for name, true in truth.items():
        problems += _split_problems(name, table[found == name], true, card)
    return problems


def _split_problems(name: str, rows: pd.DataFrame, true: pd.DataFrame, card: TaskCard) -> list[str]:
    ids, known = pd.Index(rows["image_id"].astype(str)), pd.Index(true["image_id"].astype(str))
    counted = {
        "images are there twice": int(ids.duplicated().sum()),
        "images are not in the cohort": len(ids.difference(known)),
        f"of {len(known)} images are left out": len(known.difference(ids)),
    }
    problems = [f"{name}: {n} {what}" for what, n in counted.items() if n]
    own = rows.set_axis(ids)[~ids.duplicated()]
    both = own.index.intersection(known)
    own, true = own.loc[both], true.set_axis(known).loc[both]
    for column in ("patient_id", "label", *(a.name for a in card.attributes)):
        if column not in own:
            problems.append(f"{name} has no column {column}")
        elif n := int((own[column].astype(str) != true[column].astype(str)).sum()):
            problems.append(f"{name}: {column} differs from the cohort's for {n} of {len(both)}")
    return problems


@dataclass
class CohortCheck:
    """Compares runs with their cohorts, and remembers which could not be compared.

    folders: table cohorts that are at hand.
    """

    folders: Sequence[Path] = ()
    compared: int = 0
    unchecked: list[str] = field(default_factory=list)  # why, once for each run
    _truths: dict[str, Tables] = field(default_factory=dict)

    def wrong(self, folder: Path, config: RunConfig) -> str:
        """Say what is wrong with a finished run's table; empty if nothing is, or nothing is known.

        A table that cannot be read is for the scoring to report.
        """
        columns = ["image_id", "patient_id", "split", "label"]
        columns += [a.name for a in config.card.attributes]
        try:
            table = pd.read_parquet(folder / PREDICTIONS, columns=columns)
        except (OSError, ValueError):
            return ""
        try:
            problems = self._problems(table, config)
        except NotChecked as error:
            self.unchecked.append(str(error))
            return ""
        self.compared += 1
        return "; ".join(problems)

    def refusal(self, run: RunRecord) -> str:
        """Say why a finished run is not scored; empty if nothing speaks against it."""
        words = self.wrong(run.folder, run.config)
        if not words:
            return ""
        return (
            f"{run.folder} is not scored and stays as it is: its table is not its cohort's: {words}"
        )

    def summary(self) -> str:
        """Say how many runs were compared with their cohorts, and why others were not."""
        words = f"Labels and attributes of {self.compared} runs were compared with their cohorts'."
        if self.unchecked:
            reasons = dict.fromkeys(self.unchecked)
            words += f" {len(self.unchecked)} runs were not checked: {'; '.join(reasons)}."
        return words

    def _problems(self, table: pd.DataFrame, config: RunConfig) -> list[str]:
        if config.source.kind == "table":
            return table_problems(table, self._of_folder(config), config.card)
        task, same_code = _task_of(config)
        if oversized := _oversized(table, config):
            return oversized
        truth = dict(self._of_digital(task, config))
        if config.method.kind == "control" and config.method.extra_data != "none":
            truth.pop("val")  # it may bring its own, and it is not ranked
            table = table[table["split"] != "val"]
        problems = table_problems(table, truth, config.card)
        if problems and not same_code:
            raise NotChecked(f"other code of {config.task.name} made them, with other patients")
        return problems

    def _of_digital(self, task: Task, config: RunConfig) -> Tables:
        sizes = dataclasses.asdict(config.preset.source)
        key = f"{config.task.name} {config.variant.knobs} {sizes} {config.seed}"
        if key not in self._truths:
            try:
                variant = task.knobs.variant(**config.variant.knobs)
            except ValueError as error:
                raise NotChecked(f"{config.task.name} here has other knobs ({error})") from error
            truth = truth_of(task, Source(**sizes), variant, config.seed)
            if truth is None:
                raise NotChecked(f"{config.task.name} does not say who its patients are")
            self._truths[key] = truth
        return self._truths[key]

    def _of_folder(self, config: RunConfig) -> Tables:
        at_hand = [one for one in self.folders if content_digest(one) == config.source.content]
        if not at_hand:
            raise NotChecked(
                f"the folder of patients {config.source.name!r} is not at hand (--cohort)"
            )
        size = config.preset.source.image_size
        key = f"{config.source.content} {size} {config.seed} {config.task.name}"
        if key not in self._truths:
            task, _ = _task_of(config)
            source = Source(folder=at_hand[0], image_size=size, cache=default_cache() / "cohorts")
            try:
                splits = task.load(source, Variant(), config.seed)
            except ValueError as error:
                raise NotChecked(f"{at_hand[0]} cannot be read ({error})") from error
            self._truths[key] = {"val": splits.val.table, "test": splits.test.table}
        return self._truths[key]


def _task_of(config: RunConfig) -> tuple[Task, bool]:
    """Load the task that a run names, never a path; and say whether the same code made the run."""
    found = find_tasks().get(config.task.name)
    if found is None:
        raise NotChecked(f"there is no task {config.task.name!r} here")
    try:
        task = load_task(found)
    except LookupFailed as error:
        raise NotChecked(f"{config.task.name} cannot be loaded ({error})") from error
    if task.card != config.card:
        raise NotChecked(f"{config.task.name} has another card here")
    return task, code_identity(found) == config.task.source


def _oversized(table: pd.DataFrame, config: RunConfig) -> list[str]:
    """Refuse sizes beyond the table before anybody is drawn: the config is a stranger's."""
    counts = table["split"].value_counts()
    sizes = {name: getattr(config.preset.source, name) for name in ("val", "test", "recruited")}
    return [
        f"{name}: config.json says {n} patients, and there are {int(counts.get(name, 0))}"
        for name, n in sizes.items()
        if n > counts.get(name, 0)
    ]
