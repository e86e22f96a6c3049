"""Does a method keep the contract? Tried on toy tasks, on CPU, in less than a minute."""

from __future__ import annotations

import dataclasses
import inspect
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.api.data import Split, Splits
from benchmark.api.declarations import declaration_of
from benchmark.api.mix_target import Target
from benchmark.api.protocols import Generator, Method, NeutralGenerator
from benchmark.api.variant import Variant
from benchmark.cohorts.toy import ToyTask
from benchmark.discovery.find import locate
from benchmark.discovery.load import load_method
from benchmark.generation.mix_targets import table_problems
from benchmark.generation.patient_requests import ask_for_patients
from benchmark.planning.fields import check_fields, with_fields
from benchmark.planning.run_spec import RunSpec
from benchmark.presets.settings import Preset
from benchmark.running import predictions

TOY_PRESET = Preset.from_dict(
    {
        "name": "toy",
        "source": {"image_size": 32, "train": 160, "val": 80, "test": 48},
        "classifier": {
            "backbone": "test_resnet",
            "steps": 25,
            "batch_size": 32,
            "learning_rate": 3e-3,
            "weight_decay": 0.01,
            "evaluations": 2,
        },
        "generator": {
            "fold": 4,
            "components": 8,
            "widths": [16, 32],
            "last_noise": 300,
            "base_sampling_steps": 3,
            "base_last_noise": 100,
            "base_steps": 20,
            "steps": 20,
            "tuning_steps": 4,
            "tuning_batch": 8,
            "reader": "test_convnext",
            "batch_size": 8,
            "accumulation": 1,
            "learning_rate": 2e-3,
            "sampling_steps": 2,
            "guidance": 1.0,
        },
        "run": {"seeds": [0], "time_limit_minutes": 1, "threads": 1},
    }
)
FEW = 5  # images that are predicted once more by themselves
TOLERANCE = 2e-3  # what another batch size may change; a batch statistic changes far more


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was tried. advice says in plain words what to mend; empty: it passed."""

    what: str
    advice: str

    @property
    def passed(self) -> bool:
        """Say whether there is nothing to mend."""
        return not self.advice


def check_method(
    name: str, fields: dict[str, Any] | None = None, say: Callable[[str], None] = lambda line: None
) -> Iterator[Finding]:
    """Try a method, by name or path, on toy tasks and yield what was found, as it is found."""
    try:
        cls = load_method(locate(name, "method"))
    except (LookupError, TypeError) as error:
        yield Finding("the file holds one method", str(error))
        return
    yield Finding("the file holds one method", "")
    try:
        method, note = _for_toys(with_fields(cls, fields or {}))
    except ValueError as error:
        yield Finding("its fields can be set as asked", str(error))
        return
    if note:
        yield Finding(note, "")
    said: set[str] = set()
    for finding in _trials(method, name, say):
        again = finding.advice in said
        yield dataclasses.replace(finding, advice="the same as above") if again else finding
        said |= {finding.advice} - {""}


def _for_toys(method: Method) -> tuple[Method, str]:
    """Let a method that aims at groups of real tasks aim at those of toy patients, and say so.

    Raises ValueError for a table of shares that no task could take.
    """
    if not _aims(method):
        return method, ""
    aligns, target = method.aligns, method.target  # type: ignore[attr-defined]
    problems = table_problems(target) if ":" in target else []
    if problems:
        raise ValueError(f"The target {target!r} cannot be used: {'; '.join(problems)}.")
    if (aligns, target) == ("", "uniform") or not dataclasses.is_dataclass(method):
        return method, ""
    toys = dataclasses.replace(method, aligns="", target="uniform")
    return toys, "toy patients have a site and no sex: tried with aligns empty and target uniform"


def _aims(method: Method) -> bool:
    """Say whether a method has the two fields that say which mix its generator is to draw."""
    return all(isinstance(getattr(method, name, None), str) for name in ("aligns", "target"))


def _trials(method: Method, name: str, say: Callable[[str], None]) -> Iterator[Finding]:
    torch.set_num_threads(TOY_PRESET.run.threads)
    yield from _try("two groups, two classes", method, ToyTask(2, 2), name, say, again=True)
    yield from _try("three groups, two classes", method, ToyTask(3, 2), name, say)
    yield from _try("two groups, three classes", method, ToyTask(2, 3), name, say)


def _try(
    what: str,
    method: Method,
    task: ToyTask,
    name: str,
    say: Callable[[str], None],
    *,
    again: bool = False,
) -> Iterator[Finding]:
    """Fit and predict once, and where asked a second time with the same seed."""
    started = time.monotonic()
    spec = RunSpec(task.card.name, name, Variant(), 0, TOY_PRESET, device="cpu")
    splits = task.load(spec.source, spec.variant, spec.seed)
    try:
        if refused := _refused(method, task):
            yield Finding(f"{what}: its check refuses toys ({refused}), tried all the same", "")
        predictor, first = _fit_and_predict(method, task, splits, spec, say)
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        yield Finding(what, _plain(error, method, task))
        return
    yield Finding(f"{what}: shapes and probabilities, {time.monotonic() - started:.0f} s", "")
    if not again:
        return
    few = predictions.predict(predictor, method, task.card, "test", _first(splits.test, FEW))
    columns = [c for c in first if c.startswith("probability_")]
    moved = float(np.abs(few[columns].to_numpy() - first[columns].to_numpy()[:FEW]).max())
    yield Finding(
        "an image's prediction does not depend on the images beside it",
        ""
        if moved <= TOLERANCE
        else f"predicting {FEW} images alone moved a probability by {moved:.3f}; "
        "call network.eval() before predicting, and use no statistics of the batch.",
    )
    yield from _generator(predictor, splits.val, method)
    _, second = _fit_and_predict(method, task, splits, spec, say)
    same = bool((first[columns] == second[columns]).all(axis=None))
    yield Finding(
        "the same seed gives the same predictions",
        ""
        if same
        else "two fits with one seed differ; draw every random number from ctx.rng(...) or "
        "ctx.torch_rng(...), and seed torch from them before a network is made.",
    )


def _refused(method: Method, task: ToyTask) -> str:
    """Return why a method's own check refuses toys: real tasks may have what they lack."""
    try:
        check_fields(method, task.card)
    except ValueError as error:
        return str(error)
    return ""


def _generator(predictor: Any, val: Split, method: Method) -> Iterator[Finding]:
    """Ask a generator, if there is one, for a few patients, twice with the same seed."""
    generator = getattr(predictor, "generator", None)
    mislaid = isinstance(getattr(predictor, "target", None), Target)
    if mislaid and not hasattr(generator, "target"):
        advice = "the predictor has a target, which nobody reads; it belongs to its generator."
        yield Finding("its generator can be asked for neutral patients", advice)
    if generator is None:
        return
    what = "its generator draws images, the same for the same seed"
    if not isinstance(generator, Generator):
        yield Finding(what, "predictor.generator has no generate(requests, masks, seed).")
        return
    if not hasattr(generator, "target"):
        advice = "the method has a field `target`; give its generator one (docs/methods.md)."
        what_of_it = "its generator has no target, so nobody counts whom it draws"
        yield Finding(what_of_it, advice if _aims(method) else "")
    rows = val.table.drop(columns=["image_id", "patient_id"]).head(FEW)
    if hasattr(generator, "target") and not hasattr(generator, "before"):
        advice = "it has a target and no `before`; that is the generator before tuning, or None."
        yield Finding("its generator can be asked for neutral patients", advice)
    if isinstance(generator, NeutralGenerator):
        yield _neutral(generator, val, method)
    try:
        first, second = (ask_for_patients(generator, rows, val.masks[:FEW], 0) for _ in range(2))
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        yield Finding(what, _words(error, method))
        return
    same = bool((first == second).all())
    yield Finding(what, "" if same else "two calls with one seed differ; draw from the seed alone.")


def _neutral(generator: NeutralGenerator, val: Split, method: Method) -> Finding:
    """Ask for patients of whom nothing is said, as the judge will."""
    what = "its generator draws where words are not said (None)"
    if not isinstance(generator.target, Target):
        kind = type(generator.target).__name__
        return Finding(what, f"target is a {kind}; make it with read_target (docs/methods.md).")
    if generator.before is not None and not isinstance(generator.before, Generator):
        kind = type(generator.before).__name__
        return Finding(what, f"before is a {kind}; it must be a generator, or None.")
    nothing = val.table.drop(columns=["image_id", "patient_id"]).head(FEW).astype(object)
    nothing.loc[:, :] = None
    sides = [side for side in (generator, generator.before) if side is not None]
    try:
        for side in sides:
            ask_for_patients(side, nothing, val.masks[:FEW], 0)
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        return Finding(what, _words(error, method))
    return Finding(what, "")


def _fit_and_predict(
    method: Method, task: ToyTask, splits: Splits, spec: RunSpec, say: Callable[[str], None]
) -> tuple[Any, Any]:
    predictions.make_repeatable(spec)
    ctx = predictions.make_context(task, method, spec, say)
    train = predictions.visible(splits.train, task.card, method)
    val = predictions.visible(splits.val, task.card, method)
    for split in (train, val):
        split.images.flags.writeable = False
        split.masks.flags.writeable = False
    predictor = method.fit(train, val, ctx)
    return predictor, predictions.predict(predictor, method, task.card, "test", splits.test)


def _first(split: Split, n: int) -> Split:
    return Split(split.images[:n], split.masks[:n], split.table.iloc[:n])


def _plain(error: Exception, method: Method, task: ToyTask) -> str:
    """Turn the commonest mistakes into advice."""
    where, words = _where(error, method), _words(error, method)
    missing = str(error.args[0]) if isinstance(error, KeyError) and error.args else ""
    if (
        missing in [a.name for a in task.card.attributes]
        and declaration_of(method).groups_used == "never"
    ):
        return (
            f'it read the attribute {missing!r} ({where}), but declares groups_used = "never". '
            'Declare "train" to see attributes in fit, "test" to be given them in '
            "predict_proba(images, attributes) too."
        )
    if missing and missing.isidentifier():
        return (
            f"it asked for {missing!r} ({where}), which this task does not have. Attributes differ "
            "between tasks: take their names from ctx.card.attributes, or number the groups with "
            "ctx.card.encode_groups(train.table) and label x group with encode_cells."
        )
    if "read-only" in str(error):
        return f"it wrote into the images it was given ({where}); work on a copy."
    if isinstance(error, TypeError) and "predict_proba()" in str(error):
        given = "images, attributes" if declaration_of(method).groups_used == "test" else "images"
        return (
            f'groups_used = "{declaration_of(method).groups_used}", so the predictor is called as '
            f"predict_proba({given}). ({words})"
        )
    return words


def _words(error: Exception, method: Method) -> str:
    """Say what was raised, and where."""
    return f"{type(error).__name__}: {error} ({_where(error, method)})"


def _where(error: Exception, method: Method) -> str:
    """Return the deepest place of the traceback in the method's own file, else of all."""
    places = traceback.extract_tb(error.__traceback__)
    own = Path(inspect.getfile(type(method))).parent
    inside = [place for place in places if own in Path(place.filename).parents]
    deepest = (inside or places)[-1:]
    return "".join(f"{Path(place.filename).name}, line {place.lineno}" for place in deepest)
