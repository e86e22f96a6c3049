"""What a method is handed and what it is asked: the part of a run that makes its predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import torch

from benchmark.api.card import TaskCard
from benchmark.api.context import RunContext
from benchmark.api.data import Split
from benchmark.api.declarations import declaration_of, method
from benchmark.api.protocols import DigitalTask, Method, Predictor, Task, is_predictor, recruited_by
from benchmark.planning.run_spec import RunSpec
from benchmark.running.asking import Ask, ask_all, copied
from benchmark.running.declared import as_declared, check_call
from benchmark.support import progress
from benchmark.support.cache import ContentCache
from benchmark.support.devices import choose_device, choose_precision


@method(groups_used="test")
@dataclass(frozen=True)
class _Judge:
    """Stands for the engine where a context is made for it: it sees groups and trains nobody's."""

    def fit(self, train: Split, val: Split, ctx: RunContext) -> Predictor:
        """Judges are no methods."""
        raise TypeError("the judge is no method")


JUDGE = _Judge()


def make_repeatable(spec: RunSpec) -> None:
    """Fix what could make the same run come out differently; methods get seeds of their own."""
    torch.manual_seed(spec.seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def make_context(
    task: Task, method: Method, spec: RunSpec, say: Callable[[str], None]
) -> RunContext:
    """Put together what the method may use besides its data."""
    device = choose_device(spec.device)

    def draw(requests: pd.DataFrame, seed: int) -> Split:
        made = cast(DigitalTask, task).new_patients(requests, spec.source, seed)
        return visible(made, task.card, method)

    declared, judges = declaration_of(method), isinstance(method, _Judge)
    may_draw = declared.extra_data == "digital_cohort"
    if judges:
        may_draw = spec.data is None and isinstance(task, DigitalTask)
    return RunContext(
        card=task.card,
        prompt=lambda row: task.prompt(row),
        seed=spec.seed,
        device=device,
        precision=choose_precision(device),
        classifier=spec.preset.classifier,
        generator=spec.preset.generator if declared.trains_generator else None,
        # What a method may see, it may store: others share only with their like.
        cache=ContentCache(
            spec.cache / "shared" / ("judge" if judges else f"groups-{declared.groups_used}")
        ),
        draw=draw if may_draw else None,
        say=say,
        judges=judges,
    )


def visible(split: Split, card: TaskCard, method: Method) -> Split:
    """Return the split as the method may see it: only declared columns, each a copy."""
    columns = ["image_id", "patient_id", "label"]
    if declaration_of(method).groups_used != "never":
        columns += [a.name for a in card.attributes]
    return Split(np.asarray(split.images), np.asarray(split.masks), split.table[columns].copy())


def threshold_patients(predictor: Predictor, method: Method, val: Split) -> Split:
    """Return val, or the patients that a control has recruited instead: its threshold is theirs.

    Only a method that may make new patients can bring its own, as predictor.val.
    """
    may_recruit = declaration_of(method).extra_data == "digital_cohort"
    recruited = recruited_by(predictor) if may_recruit else None
    return val if recruited is None else recruited


def fit(method: Method, train: Split, val: Split, ctx: RunContext) -> Predictor:
    """Let a method learn; NotDeclared says what to declare if it uses what it did not."""
    with as_declared(method, ctx.card):
        return method.fit(train, val, ctx)


def predict(
    predictor: Predictor,
    method: Method,
    card: TaskCard,
    splits: Mapping[str, Split],
    seed: int,
    say: Callable[[str], None] = progress.say,
) -> pd.DataFrame:
    """Ask for probabilities, in shuffled batches of all splits mixed, and name each row's split.

    They are put beside what the method did not see. Raises DependsOnOthers if an image's answer
    changes with the batch that it is in, or with those before. say: writes to the log.
    """
    attributes = [a.name for a in card.attributes]
    if not is_predictor(predictor):
        raise TypeError(
            f"{type(method).__name__}: fit returned {type(predictor).__name__}; it must return an "
            "object with predict_proba(images), as train_classifier does. Is a `return` missing?"
        )
    check_call(predictor, method)
    shows_groups = declaration_of(method).groups_used == "test"

    def asks(predictor: Predictor) -> Ask:
        predict_proba: Callable[..., Any] = predictor.predict_proba

        def ask(images: np.ndarray, groups: pd.DataFrame) -> np.ndarray:
            with as_declared(method, card):
                probability = predict_proba(images, *([groups] if shows_groups else []))
            return checked(probability, len(images), len(card.classes), method)

        return ask

    fresh = asks(copied(predictor, say))  # before the first call
    answers = ask_all(asks(predictor), splits, attributes, seed, fresh=fresh)
    columns = ["image_id", "patient_id", "label", *attributes]
    tables = [_answered(splits[name].table[columns], name, answers[name]) for name in splits]
    return pd.concat(tables, ignore_index=True)


def _answered(table: pd.DataFrame, split: str, probability: np.ndarray) -> pd.DataFrame:
    """Put the split's name and the probabilities, (n, classes), into a copy of its table."""
    table = table.copy()
    table.insert(2, "split", split)
    for k, column in enumerate(probability.T):
        table[f"probability_{k}"] = column
    return table


def checked(probability: Any, n: int, classes: int, method: Method) -> np.ndarray:
    """Return the probabilities as float64, or say what is wrong with them."""
    name = type(method).__name__
    array = np.asarray(probability, dtype=np.float64)
    if array.shape != (n, classes):
        raise ValueError(
            f"{name}: predict_proba returned shape {array.shape} for {n} images; it must be "
            f"({n}, {classes}), one column per class in the order of the card."
        )
    if not np.isfinite(array).all() or array.min() < 0 or abs(array.sum(1) - 1).max() > 1e-3:
        raise ValueError(
            f"{name}: predict_proba must return numbers from 0 to 1 whose rows sum to 1; got "
            f"values from {array.min():.4g} to {array.max():.4g} and row sums from "
            f"{array.sum(1).min():.4g} to {array.sum(1).max():.4g}. Apply a softmax?"
        )
    return array / array.sum(1, keepdims=True)
