"""A method that uses what it did not declare is told what to declare: in a run and in check."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.api.card import TaskCard
from benchmark.api.declarations import Declaration, declaration_of
from benchmark.api.protocols import Method, Predictor


class NotDeclared(TypeError):
    """A method uses what its mark does not declare; the words say what to write."""


def check_call(predictor: Predictor, method: Method) -> None:
    """Raise NotDeclared if predict_proba cannot be called as the method's mark says."""
    declared = declaration_of(method)
    given = ["images", "attributes"] if declared.groups_used == "test" else ["images"]
    try:
        signature = inspect.signature(predictor.predict_proba)
    except (TypeError, ValueError):  # of a built-in: Python does not know what it takes
        return
    try:
        signature.bind(*given)
    except TypeError as error:
        raise NotDeclared(
            f'{type(method).__name__} declares groups_used="{declared.groups_used}", so its '
            f"predictor is called as predict_proba({', '.join(given)}); its predict_proba takes "
            f"{signature}."
        ) from error


@contextmanager
def as_declared(method: Method, card: TaskCard) -> Iterator[None]:
    """Raise NotDeclared in place of the error that an undeclared use of the data ends in."""
    try:
        yield
    except (KeyError, AttributeError) as error:
        words = _undeclared(error, declaration_of(method), method, card)
        if not words:
            raise
        name, where = type(method).__name__, place_of(error, method)
        raise NotDeclared(f"{name} ({where}) {words}") from error


def _undeclared(error: Exception, declared: Declaration, method: Method, card: TaskCard) -> str:
    """Say what was used and not declared; empty if the error has another cause."""
    missing = [a.name for a in card.attributes if f"'{a.name}'" in str(error)]
    if missing and declared.groups_used == "never":
        return (
            f"read the attribute {missing[0]!r}, but sees no groups. Declare "
            '@method(groups_used="train") to see them in training, "test" to be given them in '
            "predict_proba(images, attributes) too."
        )
    if "ctx.generator" in _line_of(error, method) and not declared.trains_generator:
        return "read ctx.generator. Declare @method(..., trains_generator=True) to be given one."
    return ""


def place_of(error: BaseException, method: Method) -> str:
    """Name the deepest line of the traceback in the method's own files, else of all of it."""
    place = _deepest(error, method)
    return f"{Path(place.filename).name}, line {place.lineno}" if place else ""


def _line_of(error: BaseException, method: Method) -> str:
    place = _deepest(error, method)
    return place.line or "" if place else ""


def _deepest(error: BaseException, method: Method) -> traceback.FrameSummary | None:
    places = traceback.extract_tb(error.__traceback__)
    own = Path(inspect.getfile(type(method))).parent
    inside = [place for place in places if own in Path(place.filename).parents]
    return next(reversed(inside or places), None)
